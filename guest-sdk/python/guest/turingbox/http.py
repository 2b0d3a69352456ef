"""One request over HTTP or HTTPS, one response. The host does the TLS, and follows no redirect."""

import math
from dataclasses import dataclass

from componentize_py_types import Err
from turingbox_guest import values
from wit_world.imports import http as _host

from .errors import Denied, LimitReached

# The longest wait that can be said, in seconds: it crosses as 32 bits of milliseconds.
LONGEST = (2**32 - 1) / 1000


class InvalidRequest(ValueError):
    """The URL, the method or a header is none."""


class Timeout(TimeoutError):
    """The answer took longer than `timeout`, or a piece of it longer than `read`."""


class ConnectTimeout(Timeout):
    """There was no connection within `connect`."""


class ConnectionFailed(ConnectionError):
    """The name or the connection failed, or the answer broke off."""


class TLSFailed(ConnectionFailed):
    """There is no agreement on TLS, or the server's certificate isn't trusted."""


_ERRORS = {
    _host.Error_Denied: Denied,
    _host.Error_Invalid: InvalidRequest,
    _host.Error_Timeout: Timeout,
    _host.Error_ConnectTimeout: ConnectTimeout,
    _host.Error_Connection: ConnectionFailed,
    _host.Error_Tls: TLSFailed,
    _host.Error_Limit: LimitReached,
}


@dataclass
class Response:
    """What came back: `headers` is a list of pairs, as they came, `reason` what the server calls the status."""

    status: int
    headers: list
    body: bytes
    reason: str = ""

    def header(self, name, default=None):
        """The first header of that name, in any case."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), default)


def send(method, url, headers=(), body=b"", timeout=None, *, connect=None, read=None):
    """Sends a request and waits for the whole response.

    `headers` is a dict or a list of pairs, `body` is bytes. Waits are in seconds: `timeout` for all of
    it, `connect` for a connection, `read` for the first byte and between two pieces. Without them, the
    call's own limit holds.
    """
    pairs = headers.items() if hasattr(headers, "items") else headers
    sent = [_host.Header(values.text(name, "a header's name"), _encoded(value)) for name, value in pairs]
    method, url = values.text(method, "the method"), values.text(url, "the URL")
    try:
        waits = _host.Waits(_milliseconds(connect), _milliseconds(read), _milliseconds(timeout))
        got = _host.send(_host.Request(method, url, sent, bytes(memoryview(body)), waits))
    except Err as error:
        raise _ERRORS[type(error.value)](error.value.value) from None
    headers = [(header.name, header.value.decode("latin-1")) for header in got.headers]
    return Response(got.status, headers, got.body, got.reason)


def get(url, headers=(), timeout=None):
    """`send` with the method GET."""
    return send("GET", url, headers, timeout=timeout)


def _encoded(value):
    """Headers are latin-1; what else there is goes as UTF-8, as browsers have it."""
    if isinstance(value, bytes):
        return value
    try:
        return str(value).encode("latin-1")
    except UnicodeEncodeError:
        return str(value).encode()


def _milliseconds(timeout):
    if timeout is None:
        return None
    if not timeout > 0:
        raise ValueError(f"a timeout is more than 0 seconds, not {timeout!r}")
    return min(math.ceil(timeout * 1000), 2**32 - 1) if timeout < LONGEST else 2**32 - 1
