from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", timeout=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, timeout)).status]
    except Err:
        return []


URLS = ["file:///etc/passwd", "ftp://localhost/", "gopher://localhost:{{ port }}/_GET", "javascript:alert(1)", "data:,x", "", "ws://localhost/"]


def main():
    return sum([tried(url) for url in URLS], [])
