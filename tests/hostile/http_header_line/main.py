from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", timeout=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, timeout)).status]
    except Err:
        return []


HEADERS = [
    ("x", b"a\r\nhost: example.com"), ("x", b"a\nb: c"), ("x", b"a\rb"), ("x", b"a\0b"), ("x\r\ny", b"a"), ("x: y", b"a"),
    ("", b"a"), ("x y", b"a"), ("ü", b"a"),
]


def main():
    return sum([tried("http://localhost:{{ port }}/", headers=[header]) for header in HEADERS], [])
