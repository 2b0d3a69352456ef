from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", timeout=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, timeout)).status]
    except Err:
        return []


HOSTS = [
    "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.0.1.", "0", "[::1", "::1", "127.0.0.1%2f",
    "①②⑦.⓪.⓪.①", "localhost%00.example.com", "localhost\\.example.com", "[fe80::1%25lo]",
]


def main():
    return sum([tried(f"http://{host}:{{ port }}/") for host in HOSTS], [])
