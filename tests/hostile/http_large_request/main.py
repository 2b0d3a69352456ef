from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", timeout=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, timeout)).status]
    except Err:
        return []


def main():
    url = "http://localhost:{{ port }}/"
    got = tried(url, "POST", body=bytes((16 << 20) + 1))
    return got + tried(url, headers=[("x", b"x" * (64 << 10))]) + tried(url, headers=[("x", b"y")] * 1000)
