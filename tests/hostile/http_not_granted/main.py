from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", timeout=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, timeout)).status]
    except Err:
        return []


URLS = [
    "https://example.com/", "http://127.0.0.1:{{ port }}/", "http://localhost:{{ port }}/", "http://[::1]:{{ port }}/",
    "http://[::ffff:127.0.0.1]:{{ port }}/", "http://169.254.169.254/latest/meta-data/", "https://stolen.example.com/",
]


def main():
    return sum([tried(url) for url in URLS], [])
