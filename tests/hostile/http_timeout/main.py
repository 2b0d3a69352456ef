from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", waits=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, waits)).status]
    except Err:
        return []


def main():
    got = tried("http://localhost:{{ port }}/slow", waits=http.Waits(None, None, 200))
    got += tried("http://localhost:{{ port }}/slow", waits=http.Waits(None, 200, None))
    return got + tried("http://localhost:{{ port }}/slow", waits=http.Waits(2**32 - 1, 2**32 - 1, 2**32 - 1))
