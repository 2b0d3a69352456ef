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
    urls = ["http://localhost/", "http://localhost:22/", "http://localhost:8080/", "https://localhost:{{ port }}/"]
    bad = ["http://localhost:0/", "http://localhost:99999/", "http://localhost:+80/", "http://localhost:/"]
    return sum([tried(url) for url in urls + bad], [])
