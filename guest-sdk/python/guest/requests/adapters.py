"""What sends a prepared request: the host."""

import time
import zlib
from datetime import timedelta
from urllib.parse import urldefrag

from turingbox import http as host
from turingbox.errors import Denied, LimitReached

from . import cookies, exceptions
from .models import Response
from .structures import CaseInsensitiveDict

DEFAULT_POOLSIZE = 10


class BaseAdapter:
    """Others are made of it, and mounted on a session."""

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        raise NotImplementedError("an adapter sends requests")

    def close(self):
        pass


class HTTPAdapter(BaseAdapter):
    """Sends over the host. `max_retries` is how often one more try is made when there is no connection."""

    def __init__(self, pool_connections=DEFAULT_POOLSIZE, pool_maxsize=DEFAULT_POOLSIZE, max_retries=0,
                 pool_block=False):
        self.max_retries = max_retries

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        refuse_options(verify, cert, proxies)
        connect, read = _waits(timeout)
        start = time.monotonic()
        tries = 1 + int(getattr(self.max_retries, "total", self.max_retries) or 0)
        while True:
            tries -= 1
            try:
                got = host.send(request.method, urldefrag(request.url).url, request.headers, request.body_bytes(),
                                connect=connect, read=read)
                break
            except (host.ConnectionFailed, host.Timeout) as error:
                if not tries:
                    raise _translated(error, request) from error
            except (Denied, LimitReached, ValueError) as error:
                raise _translated(error, request) from error
        return _response(request, got, timedelta(seconds=time.monotonic() - start))


def refuse_options(verify, cert, proxies):
    """Says what can't be had, where leaving it out would be a lie."""
    if verify is False:
        raise exceptions.SSLError("verify=False can't be had: the host does the TLS, and checks certificates")
    if isinstance(verify, str):
        raise exceptions.SSLError("verify='…' can't be had: the host does the TLS, by its own authorities")
    if cert is not None:
        raise exceptions.SSLError("cert can't be had: the host does the TLS")
    if proxies and any(proxies.values()):
        raise exceptions.ProxyError("proxies can't be had: the host makes the connections")


def _waits(timeout):
    """How long to wait for a connection, and for each piece of the answer: one number says both."""
    if not isinstance(timeout, tuple):
        timeout = timeout, timeout
    if len(timeout) != 2:
        raise ValueError(f"a timeout is a number, or two: for connecting and for reading; not {timeout!r}")
    for wait in timeout:
        if wait is not None and not wait > 0:
            raise ValueError(f"a timeout is more than 0 seconds, not {wait!r}")
    return timeout


def _translated(error, request):
    if isinstance(error, Denied):
        kind = exceptions.Denied
    elif isinstance(error, host.Timeout):
        kind = exceptions.ConnectTimeout if isinstance(error, host.ConnectTimeout) else exceptions.ReadTimeout
    elif isinstance(error, host.TLSFailed):
        kind = exceptions.SSLError
    elif isinstance(error, host.ConnectionFailed):
        kind = exceptions.ConnectionError
    elif isinstance(error, ValueError):
        kind = exceptions.InvalidURL
    else:
        kind = exceptions.RequestException
    return kind(str(error), request=request)


def _response(request, got, elapsed):
    response = Response()
    response.request = request
    response.url = request.url
    response.status_code = got.status
    response.elapsed = elapsed
    response.reason = got.reason
    headers = {}
    for name, value in got.headers:
        key, known = headers.get(name.lower(), (name, None))
        headers[name.lower()] = key, value if known is None else f"{known}, {value}"
    response.headers = CaseInsensitiveDict(headers.values())
    set_cookies = [value for name, value in got.headers if name.lower() == "set-cookie"]
    cookies.extract(response.cookies, request.url, set_cookies)
    response._set_cookies = set_cookies
    response._content = _decoded(got.body, response.headers.get("content-encoding", ""), request)
    return response


def _decoded(body, encoding, request):
    for kind in reversed([part.strip().lower() for part in encoding.split(",")]):
        if kind in ("gzip", "x-gzip", "deflate") and body:
            body = _inflated(body, kind, request)
    return body


def _inflated(body, kind, request):
    # A server's `deflate` may come with or without zlib's header.
    for window in (-zlib.MAX_WBITS,) if kind == "deflate" and body[0] & 15 != 8 else (zlib.MAX_WBITS | 32,):
        try:
            return zlib.decompress(body, window)
        except zlib.error as error:
            raise exceptions.ContentDecodingError(f"the body is not {kind}: {error}", request=request) from error
