import os

from componentize_py_types import Err
from wit_world.imports import http


def main(url, method, body, times, header):
    body += os.environ.get("KEY", "") * int(times)
    headers = [http.Header("x-own", b"own")] + [http.Header(header, b"bytes=0-7")] * bool(header)
    try:
        response = http.send(http.Request(method, url, headers, body.encode(), None))
    except Err as error:
        return f"{type(error.value).__name__.removeprefix('Error_').lower()}: {error.value.value}"
    return f"{response.status} {response.body.decode()}"
