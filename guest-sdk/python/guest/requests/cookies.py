"""Cookies: a jar that is a dict as well."""

from collections.abc import MutableMapping
from email.message import Message
from http.cookiejar import Cookie, CookieJar
from urllib.request import Request


class RequestsCookieJar(CookieJar, MutableMapping):
    """Cookies by name, over all hosts; a jar also knows which host each is for."""

    def get(self, name, default=None, domain=None, path=None):
        found = [cookie.value for cookie in self if _fits(cookie, name, domain, path)]
        return found[0] if found else default

    def set(self, name, value, **named):
        if value is None:
            self._discard(name, named.get("domain"), named.get("path"))
        else:
            self.set_cookie(create_cookie(name, value, **named))

    def update(self, other=(), **named):
        if isinstance(other, CookieJar):
            for cookie in other:
                self.set_cookie(cookie)
        else:
            super().update(other)
        super().update(named)

    def get_dict(self, domain=None, path=None):
        return {cookie.name: cookie.value for cookie in self if _fits(cookie, cookie.name, domain, path)}

    def keys(self):
        return [cookie.name for cookie in self]

    def values(self):
        return [cookie.value for cookie in self]

    def items(self):
        return [(cookie.name, cookie.value) for cookie in self]

    def copy(self):
        return cookiejar_from_dict(self)

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name, value):
        self.set(name, value)

    def __delitem__(self, name):
        self._discard(name)

    def __contains__(self, name):
        return any(cookie.name == name for cookie in self)

    def _discard(self, name, domain=None, path=None):
        for cookie in list(self):
            if _fits(cookie, name, domain, path):
                self.clear(cookie.domain, cookie.path, cookie.name)


def _fits(cookie, name, domain, path):
    return cookie.name == name and domain in (None, cookie.domain) and path in (None, cookie.path)


def create_cookie(name, value, domain="", path="/", secure=False, expires=None, **rest):
    """A cookie; one without a domain goes to every host that the session asks."""
    return Cookie(
        rest.get("version", 0), name, value, None, False, domain, bool(domain), domain.startswith("."), path,
        bool(path), secure, expires, expires is None, None, None, rest.get("rest", {}),
    )  # fmt: skip


def cookiejar_from_dict(cookies, cookiejar=None):
    jar = RequestsCookieJar() if cookiejar is None else cookiejar
    if cookies is not None:
        jar.update(cookies)
    return jar


def merge_cookies(cookiejar, cookies):
    return cookiejar_from_dict(cookies, cookiejar)


def header(jar, url, headers):
    """The `Cookie` header for a request, or None."""
    # The jar takes a cookie without a domain for one of no host; here it is one of any.
    free = [f"{cookie.name}={cookie.value}" for cookie in jar if not cookie.domain]
    bound = CookieJar(jar._policy)
    for cookie in jar:
        if cookie.domain:
            bound.set_cookie(cookie)
    request = Request(url, headers=dict(headers))
    bound.add_cookie_header(request)
    named = [request.get_header("Cookie")] if request.has_header("Cookie") else []
    return "; ".join(named + free) or None


def extract(jar, url, set_cookies):
    """Takes what a response sets into the jar."""
    message = Message()
    for line in set_cookies:
        message["Set-Cookie"] = line
    jar.extract_cookies(_Response(message), Request(url))


class _Response:
    def __init__(self, message):
        self._message = message

    def info(self):
        return self._message
