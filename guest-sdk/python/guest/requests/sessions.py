"""What several requests share: headers, cookies, a name and a password."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from . import cookies as _cookies
from . import exceptions, utils
from .adapters import HTTPAdapter, refuse_options
from .models import Request
from .structures import CaseInsensitiveDict

DEFAULT_REDIRECT_LIMIT = 30
PORTS = {"http": 80, "https": 443}


def default_headers():
    return CaseInsensitiveDict({
        "User-Agent": utils.default_user_agent(),
        "Accept-Encoding": "gzip, deflate",
        "Accept": "*/*",
    })  # fmt: skip


class Session:
    """Asks one thing after the other, and keeps the cookies."""

    def __init__(self):
        self.headers = default_headers()
        self.auth = None
        self.proxies = {}
        self.hooks = {"response": []}
        self.params = {}
        self.stream = False
        self.verify = True
        self.cert = None
        self.max_redirects = DEFAULT_REDIRECT_LIMIT
        self.trust_env = True
        self.cookies = _cookies.RequestsCookieJar()
        self.adapters = {}
        self.mount("https://", HTTPAdapter())
        self.mount("http://", HTTPAdapter())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for adapter in self.adapters.values():
            adapter.close()

    def mount(self, prefix, adapter):
        self.adapters[prefix] = adapter
        self.adapters = dict(sorted(self.adapters.items(), key=lambda item: -len(item[0])))

    def get_adapter(self, url):
        for prefix, adapter in self.adapters.items():
            if url.lower().startswith(prefix.lower()):
                return adapter
        raise exceptions.InvalidSchema(f"nothing is there to ask {url!r} with")

    def prepare_request(self, request):
        jar = self.cookies.copy()
        jar.update(_cookies.cookiejar_from_dict(request.cookies))
        return Request(
            method=request.method, url=request.url, files=request.files, data=request.data, json=request.json,
            headers=_merged(request.headers, self.headers, CaseInsensitiveDict), params=_params(request, self),
            auth=request.auth or self.auth, cookies=jar, hooks=_hooks(self.hooks, request.hooks),
        ).prepare()  # fmt: skip

    def request(self, method, url, params=None, data=None, headers=None, cookies=None, files=None, auth=None,
                timeout=None, allow_redirects=True, proxies=None, hooks=None, stream=None, verify=None, cert=None,
                json=None):
        prepared = self.prepare_request(Request(method, url, headers, files, data, params, auth, cookies, hooks, json))
        return self.send(
            prepared, timeout=timeout, allow_redirects=allow_redirects, proxies=proxies or self.proxies,
            verify=self.verify if verify is None else verify, cert=cert or self.cert,
            stream=self.stream if stream is None else stream,
        )  # fmt: skip

    def get(self, url, **named):
        return self.request("GET", url, **named)

    def options(self, url, **named):
        return self.request("OPTIONS", url, **named)

    def head(self, url, **named):
        named.setdefault("allow_redirects", False)
        return self.request("HEAD", url, **named)

    def post(self, url, data=None, json=None, **named):
        return self.request("POST", url, data=data, json=json, **named)

    def put(self, url, data=None, **named):
        return self.request("PUT", url, data=data, **named)

    def patch(self, url, data=None, **named):
        return self.request("PATCH", url, data=data, **named)

    def delete(self, url, **named):
        return self.request("DELETE", url, **named)

    def send(self, request, allow_redirects=True, **named):
        refuse_options(named.get("verify", True), named.get("cert"), named.get("proxies"))
        response = self._send(request, named)
        history = []
        while allow_redirects and (target := response.next_url()) is not None:
            if len(history) >= self.max_redirects:
                raise exceptions.TooManyRedirects(f"more than {self.max_redirects} redirects", response=response)
            request = self._redirected(response, request, target)
            history.append(response)
            response = self._send(request, named)
            response.history = list(history)
        if not allow_redirects and (target := response.next_url()) is not None:
            response._next = self._redirected(response, request, target)
        return response

    def _send(self, request, named):
        response = self.get_adapter(request.url).send(request, **named)
        # Each response of a chain may set cookies, and the next request has them.
        _cookies.extract(self.cookies, request.url, getattr(response, "_set_cookies", ()))
        for hook in request.hooks.get("response", ()):
            response = hook(response) or response
        return response

    def _redirected(self, response, request, target):
        following = request.copy()
        following.prepare_url(target, {})
        following._leave_out_userinfo()
        following.method = self.rebuild_method(request.method, response.status_code)
        if response.status_code not in (307, 308):
            for name in ("Content-Length", "Content-Type", "Transfer-Encoding"):
                following.headers.pop(name, None)
            following.body = None
        following.headers.pop("Cookie", None)
        jar = request._cookies.copy() if request._cookies is not None else _cookies.RequestsCookieJar()
        jar.update(self.cookies)
        _cookies.extract(jar, request.url, getattr(response, "_set_cookies", ()))
        following.prepare_cookies(jar)
        if self.should_strip_auth(request.url, following.url):
            following.headers.pop("Authorization", None)
        return following

    def rebuild_method(self, method, status):
        """What a redirect makes of a method: as browsers have it, which isn't as it was meant."""
        if status == 303 and method != "HEAD" or status == 302 and method != "HEAD":
            return "GET"
        return "GET" if status == 301 and method == "POST" else method

    def should_strip_auth(self, old_url, new_url):
        """Whether a redirect leads to somebody else: then who we are is none of theirs."""
        old, new = urlsplit(old_url), urlsplit(new_url)
        if old.hostname != new.hostname:
            return True
        old_port, new_port = (parts.port or PORTS.get(parts.scheme) for parts in (old, new))
        if (old.scheme, old_port, new.scheme, new_port) == ("http", 80, "https", 443):
            return False
        return (old.scheme, old_port) != (new.scheme, new_port)


def session():
    return Session()


def _merged(own, shared, kind):
    """The session's, with the request's on top; None takes one away."""
    merged = kind(shared)
    merged.update(own or {})
    for name in [name for name, value in merged.items() if value is None]:
        del merged[name]
    return merged


def _params(request, session):
    if not session.params:
        return request.params
    if isinstance(request.params, Mapping) and isinstance(session.params, Mapping):
        return _merged(request.params, session.params, dict)
    return request.params or session.params


def _hooks(shared, own):
    def listed(hooks):
        found = (hooks or {}).get("response") or []
        return [found] if callable(found) else list(found)

    return {"response": listed(own) or listed(shared)}
