"""Requests, as they are asked for and as they go out, and responses."""

import json as _json
from collections.abc import Mapping
from datetime import timedelta
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from . import cookies as _cookies
from . import exceptions, multipart, utils
from .auth import HTTPBasicAuth
from .structures import CaseInsensitiveDict

REDIRECTS = (301, 302, 303, 307, 308)
CHUNK = 10 * 1024


class Request:
    """What a caller asks for."""

    def __init__(self, method=None, url=None, headers=None, files=None, data=None, params=None, auth=None,
                 cookies=None, hooks=None, json=None):
        self.method, self.url, self.headers, self.files = method, url, headers or {}, files or []
        self.data, self.params, self.auth, self.cookies = data or [], params or {}, auth, cookies
        self.hooks, self.json = hooks or {}, json

    def __repr__(self):
        return f"<Request [{self.method}]>"

    def prepare(self):
        prepared = PreparedRequest()
        prepared.prepare(
            method=self.method, url=self.url, headers=self.headers, files=self.files, data=self.data,
            params=self.params, auth=self.auth, cookies=self.cookies, hooks=self.hooks, json=self.json,
        )  # fmt: skip
        return prepared


class PreparedRequest:
    """What goes out."""

    def __init__(self):
        self.method = self.url = self.body = None
        self.headers = CaseInsensitiveDict()
        self.hooks = {}
        self._cookies = None

    def __repr__(self):
        return f"<PreparedRequest [{self.method}]>"

    def prepare(self, method=None, url=None, headers=None, files=None, data=None, params=None, auth=None,
                cookies=None, hooks=None, json=None):
        self.method = method.upper() if method else method
        self.prepare_url(url, params)
        self.prepare_headers(headers)
        self.prepare_cookies(cookies or {})
        self.prepare_body(data, files, json)
        self.prepare_auth(auth)
        self.hooks = hooks or {}

    def copy(self):
        other = PreparedRequest()
        vars(other).update(vars(self), headers=self.headers.copy(), hooks=dict(self.hooks))
        return other

    def prepare_url(self, url, params):
        url = url.decode() if isinstance(url, bytes) else str(url)
        url = url.lstrip()
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise exceptions.InvalidURL(f"{url!r} is no URL: {error}") from None
        if not parts.scheme or "://" not in url:
            raise exceptions.MissingSchema(f"{url!r} has no scheme: is it https://{url}?")
        if parts.scheme.lower() not in ("http", "https"):
            raise exceptions.InvalidSchema(f"{url!r} is not one of http or https")
        if not host:
            raise exceptions.InvalidURL(f"{url!r} has no host")
        query = "&".join(filter(None, [parts.query, _encoded(params)]))
        netloc = parts.netloc if parts.netloc.isascii() else _ascii(parts.netloc, url)
        whole = urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", query, parts.fragment))
        self.url = utils.requote_uri(whole)

    def prepare_headers(self, headers):
        self.headers = CaseInsensitiveDict()
        for name, value in (headers or {}).items():
            self.headers[_header_text(name)] = _header_text(value)

    def prepare_body(self, data, files, json=None):
        body, kind = None, None
        if not data and json is not None:
            kind = "application/json"
            try:
                body = _json.dumps(json, allow_nan=False).encode()
            except ValueError as error:
                raise exceptions.InvalidJSONError(error, request=self) from None
        elif files:
            body, kind = multipart.encode(data, files)
        elif data:
            body, kind = _body(data)
        self.body = body
        if body is not None or self.method not in ("GET", "HEAD"):
            self.headers["Content-Length"] = str(len(self.body_bytes()))
        if kind and "content-type" not in self.headers:
            self.headers["Content-Type"] = kind

    def prepare_auth(self, auth, url=""):
        if auth is None:
            found = utils.get_auth_from_url(self.url)
            auth = found if any(found) else None
        if auth:
            auth = HTTPBasicAuth(*auth) if isinstance(auth, tuple) and len(auth) == 2 else auth
            vars(self).update(vars(auth(self)))
        self._leave_out_userinfo()

    def prepare_cookies(self, cookies):
        self._cookies = cookies if isinstance(cookies, CookieJar) else _cookies.cookiejar_from_dict(cookies)
        header = _cookies.header(self._cookies, self.url, self.headers)
        if header and "cookie" not in self.headers:
            self.headers["Cookie"] = header

    @property
    def path_url(self):
        """What a server is asked for: the path and the query."""
        parts = urlsplit(self.url)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

    def body_bytes(self):
        return self.body.encode() if isinstance(self.body, str) else self.body or b""

    def _leave_out_userinfo(self):
        parts = urlsplit(self.url)
        if "@" in parts.netloc:
            self.url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Response:
    """What came back, whole."""

    def __init__(self):
        self.status_code = self.url = self.reason = self.request = None
        self.headers = CaseInsensitiveDict()
        self.history = []
        self.cookies = _cookies.RequestsCookieJar()
        self.elapsed = timedelta(0)
        self._content = b""
        self._encoding = None
        self._next = None
        self._set_cookies = []

    def __repr__(self):
        return f"<Response [{self.status_code}]>"

    def __bool__(self):
        return self.ok

    def __iter__(self):
        return self.iter_content(128)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def ok(self):
        return self.status_code < 400

    @property
    def is_redirect(self):
        return "location" in self.headers and self.status_code in REDIRECTS

    @property
    def is_permanent_redirect(self):
        return "location" in self.headers and self.status_code in (301, 308)

    @property
    def next(self):
        """The request that would follow a redirect, where none was followed."""
        return self._next

    @property
    def content(self):
        return self._content

    @property
    def encoding(self):
        return self._encoding or utils.get_encoding_from_headers(self.headers)

    @encoding.setter
    def encoding(self, encoding):
        self._encoding = encoding

    @property
    def apparent_encoding(self):
        try:
            self.content.decode()
            return "utf-8"
        except UnicodeDecodeError:
            return "ISO-8859-1"

    @property
    def text(self):
        try:
            return self.content.decode(self.encoding or self.apparent_encoding, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    @property
    def links(self):
        links = utils.parse_header_links(self.headers.get("link", ""))
        return {link.get("rel") or link.get("url"): link for link in links}

    def json(self, **named):
        try:
            text = self.content.decode(_json.detect_encoding(self.content)) if not self._encoding else self.text
        except UnicodeDecodeError:
            text = self.text
        try:
            return _json.loads(text, **named)
        except ValueError as error:
            message, document, at = getattr(error, "msg", str(error)), getattr(error, "doc", text), getattr(error, "pos", 0)
            raise exceptions.JSONDecodeError(message, document, at, response=self) from None

    def iter_content(self, chunk_size=1, decode_unicode=False):
        body = self.text if decode_unicode else self.content
        size = chunk_size or len(body) or 1
        return (body[start : start + size] for start in range(0, len(body), size))

    def iter_lines(self, chunk_size=CHUNK, decode_unicode=False, delimiter=None):
        body = self.text if decode_unicode else self.content
        yield from body.split(delimiter) if delimiter else body.splitlines()

    def raise_for_status(self):
        if self.status_code >= 400:
            whose = "Client" if self.status_code < 500 else "Server"
            message = f"{self.status_code} {whose} Error: {self.reason} for url: {self.url}"
            raise exceptions.HTTPError(message, response=self)

    def close(self):
        pass

    def next_url(self):
        """Where a redirect leads; None where it is none."""
        if not self.is_redirect:
            return None
        # Servers write UTF-8, headers are latin-1.
        location = self.headers["location"].encode("latin-1", "replace").decode("utf-8", "replace")
        target = urljoin(self.url, location)
        old, new = urlsplit(self.url), urlsplit(target)
        return target if new.fragment or not old.fragment else f"{target}#{old.fragment}"


def _encoded(data):
    """A form's or a query's parts, from text, a dict or pairs; None leaves a part out."""
    if isinstance(data, bytes):
        return data.decode()
    if isinstance(data, str):
        return data
    pairs = data.items() if isinstance(data, Mapping) else data or ()
    flat = []
    for key, value in pairs:
        several = not isinstance(value, (str, bytes)) and hasattr(value, "__iter__")
        flat += [(key, one) for one in (value if several else [value]) if one is not None]
    return urlencode(flat)


def _body(data):
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data), None
    if isinstance(data, str):
        return data, "application/x-www-form-urlencoded"
    if hasattr(data, "read"):
        return data.read(), None
    if isinstance(data, Mapping) or isinstance(data, (list, tuple)):
        return _encoded(data), "application/x-www-form-urlencoded"
    return b"".join(part.encode() if isinstance(part, str) else part for part in data), None


def _header_text(value):
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        raise exceptions.InvalidHeader(f"a header is str or bytes, not {type(value).__name__}: {value!r}")
    if "\r" in text or "\n" in text or text != text.lstrip():
        raise exceptions.InvalidHeader(f"a header has no line break, and no space before it: {text!r}")
    return text


def _ascii(netloc, url):
    userinfo, at, host = netloc.rpartition("@")
    try:
        name, colon, port = host.partition(":")
        return f"{userinfo}{at}{name.encode('idna').decode()}{colon}{port}"
    except UnicodeError:
        raise exceptions.InvalidURL(f"{url!r} has no host that a name can be") from None
