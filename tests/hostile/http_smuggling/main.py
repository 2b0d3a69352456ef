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
    [("host", b"example.com")], [("Host", b"localhost"), ("HOST", b"example.com")], [("content-length", b"0")],
    [("content-length", b"4"), ("content-length", b"0")], [("transfer-encoding", b"chunked")],
    [("Transfer-Encoding", b"x, chunked")], [("connection", b"upgrade")], [("upgrade", b"h2c")], [("te", b"trailers")],
    [("trailer", b"x")], [("expect", b"100-continue")], [("proxy-authorization", b"x")], [("http2-settings", b"x")],
    [("connection", b"close, authorization")], [("keep-alive", b"x")],
]


def main():
    url = "http://localhost:{{ port }}/"
    return sum([tried(url, "POST", headers, b"body") for headers in HEADERS], [])
