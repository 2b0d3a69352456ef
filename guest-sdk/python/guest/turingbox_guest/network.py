"""`http.client`, and so `urllib.request`, over the host's requests in place of sockets.

A connection gets something like a socket, which collects what is written to it. When the response
is asked for, what was written is one request of the host's, and what comes back is read from
memory. TLS is the host's: there is no `ssl` module, and `HTTPSConnection` needs none.
"""

import http.client
import io
import socket
import urllib.request
from urllib.request import AbstractHTTPHandler

from turingbox import http as host

NO_CONTEXT = "TLS is done by the host, which checks certificates: a context of one's own can't be had"
NO_TUNNEL = "a tunnel through a proxy can't be had: the host makes the connections"
# These are about a connection, and the host's is its own.
HOP = {b"connection", b"content-length", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"}


class InvalidRequest(host.InvalidRequest, http.client.InvalidURL, OSError):
    """A URL or a header that is refused: `urllib` makes a `URLError` of what is an `OSError`."""


class Broken(io.RawIOBase):
    """An answer that there is none of: to read it is to hear why."""

    def __init__(self, error):
        self._error = error

    def readable(self):
        return True

    def readline(self, *_):
        raise self._error

    def readinto(self, _):
        raise self._error


class Exchange:
    """What a connection has for a socket: one request after the other."""

    def __init__(self, connection):
        self._connection = connection
        self._written = bytearray()
        self._answer = None

    def sendall(self, data, flags=0):
        self._answer = None
        self._written += data

    def makefile(self, mode="rb", *_, **__):
        # A response that is half made would complain when it is thrown away.
        try:
            self.finish()
        except Exception as error:
            return Broken(error)
        answer, self._answer = self._answer, None
        return io.BytesIO(answer or b"")

    def finish(self):
        """Sends what was written, as one request."""
        if self._written:
            written, self._written = bytes(self._written), bytearray()
            self._answer = _answered(self._connection, written)

    def settimeout(self, timeout):
        self._connection.timeout = timeout

    def gettimeout(self):
        return self._connection.timeout

    def setsockopt(self, *_):
        pass

    def shutdown(self, how):
        pass

    def close(self):
        pass


class HTTPSConnection(http.client.HTTPConnection):
    """A connection whose TLS the host does."""

    default_port = http.client.HTTPS_PORT
    _scheme = "https"

    def __init__(self, host, port=None, *, timeout=socket._GLOBAL_DEFAULT_TIMEOUT, source_address=None,
                 context=None, blocksize=8192):
        if context is not None:
            raise ValueError(NO_CONTEXT)
        super().__init__(host, port, timeout, source_address, blocksize)


class HTTPSHandler(AbstractHTTPHandler):
    """What `urllib.request` opens `https:` with."""

    def __init__(self, debuglevel=None, context=None, check_hostname=None):
        if context is not None:
            raise ValueError(NO_CONTEXT)
        super().__init__(debuglevel or http.client.HTTPConnection.debuglevel)

    def https_open(self, request):
        return self.do_open(http.client.HTTPSConnection, request)

    https_request = AbstractHTTPHandler.do_request_


def install():
    plain = http.client.HTTPConnection
    plain._scheme = "http"
    plain.connect = _connect
    plain.request = _requester(plain.request)
    http.client.HTTPSConnection = HTTPSConnection
    urllib.request.HTTPSHandler = HTTPSHandler


def _connect(self):
    if self._tunnel_host:
        raise OSError(NO_TUNNEL)
    self.sock = Exchange(self)


def _requester(original):
    def request(self, method, url, body=None, headers={}, *, encode_chunked=False):
        original(self, method, url, body, headers, encode_chunked=encode_chunked)
        # Here, and not when the response is asked for: `urllib` takes failures from here for its own.
        if isinstance(self.sock, Exchange):
            self.sock.finish()

    return request


def _answered(connection, written):
    head, _, body = written.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    method, target, _ = line.decode("ascii").split(" ", 2)
    headers = [_header(line) for line in lines]
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        body = _unchunked(body)
    sent = [(name.decode("latin-1"), value) for name, value in headers if name.lower() not in HOP]
    url = f"{connection._scheme}://{_authority(connection)}{_path(target)}"
    timeout = connection.timeout
    if timeout is socket._GLOBAL_DEFAULT_TIMEOUT:
        timeout = socket.getdefaulttimeout()
    try:
        return _raw(method, host.send(method, url, sent, body, connect=timeout, read=timeout))
    except host.InvalidRequest as error:
        raise InvalidRequest(*error.args) from None


def _header(line):
    name, colon, value = line.partition(b":")
    if not colon or name != name.strip():
        raise InvalidRequest(f"this is not a header: {line[:80]!r}")
    return name, value.strip()


def _authority(connection):
    name = f"[{connection.host}]" if ":" in connection.host else connection.host
    return name if connection.port == connection.default_port else f"{name}:{connection.port}"


def _path(target):
    """A target is a path. One that is a whole URL could name another host than the connection's."""
    if target.startswith("/"):
        return target
    raise InvalidRequest(f"a request's target begins with `/`: {target[:80]!r}")


def _unchunked(body):
    data, read = bytearray(), io.BytesIO(body)
    while size := int(read.readline().split(b";")[0] or b"0", 16):
        data += read.read(size)
        read.readline()
    return bytes(data)


def _raw(method, response):
    """The response as a server would have written it, in one piece."""
    reason = response.reason.encode("latin-1", "replace").decode("latin-1")
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    bare = method == "HEAD" or response.status in (204, 304)
    for name, value in response.headers:
        if name.lower() not in ("connection", "transfer-encoding") and (bare or name.lower() != "content-length"):
            lines.append(f"{name}: {value}")
    if not bare:
        lines.append(f"Content-Length: {len(response.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body
