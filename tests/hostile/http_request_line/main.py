from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", timeout=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, timeout)).status]
    except Err:
        return []


HOST = "http://localhost:{{ port }}"
LINE = " HTTP/1.1\r\nhost: localhost\r\n\r\nGET /secret"


def main():
    got = tried(HOST + "/" + LINE) + tried(HOST + "/%0d%0aGET%20/secret") + tried(HOST + LINE) + tried("/secret")
    got += tried(HOST + "/", "GET /secret" + LINE) + tried(HOST + "/", "GET\r\n") + tried(HOST + "/", "G\0T")
    return got + tried("http://localhost:{{ port }}//example.com/") + tried("localhost:{{ port }}") + tried("*")
