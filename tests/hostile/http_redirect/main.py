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
    answer = http.send(http.Request("GET", "http://localhost:{{ port }}/redirect", [], b"", None))
    (location,) = [header.value.decode() for header in answer.headers if header.name == "location"]
    return [answer.status] + tried(location)
