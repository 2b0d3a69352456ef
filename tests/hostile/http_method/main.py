from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", timeout=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, timeout)).status]
    except Err:
        return []


METHODS = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "get", "Get", "GET ", "", "X" * 1000, "PROPFIND"]


def main():
    return sum([tried("http://localhost:{{ port }}/", method) for method in METHODS], [])
