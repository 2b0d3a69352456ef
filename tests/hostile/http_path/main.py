from componentize_py_types import Err
from wit_world.imports import http


def tried(url, method="GET", headers=(), body=b"", timeout=None):
    """What a request got: a list of one status, or of nothing."""
    try:
        headers = [http.Header(name, value) for name, value in headers]
        return [http.send(http.Request(method, url, headers, body, timeout)).status]
    except Err:
        return []


PATHS = [
    "/secret", "/", "/publicly", "/Public/a", "/public%2Fa%2F..%2Fsecret", "/x/public/a", "/public/../secret",
    "/public/./../secret", "/public/%2e%2e/secret", "/public/.%2e/secret", "/public/%252e%252e/secret", "/public/..;/secret",
    "/public/..;x=y/secret", "/public/%2e%2e%3b/secret", "/public/..%2fsecret", "/public/..%5csecret", "/public/..\\secret",
    "/public/a%00", "/public/a\0b", "/public/a;b", "//public/a", "/public/ü", "/public/%", "/public/%u002e",
    # A server behind a server takes a stray `%` as it is, and decodes the rest once more.
    "/public/%252e%252e/secret%25", "/public/%252e%252e/secret/%25zz", "/public/%252f..%252fsecret%25", "/public/%255c..%25",
    "/public/%2500%25",
]


def main():
    return sum([tried(f"http://localhost:{{ port }}{path}") for path in PATHS], [])
