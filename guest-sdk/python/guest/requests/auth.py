"""Who a request is from."""

from base64 import b64encode


def _basic(username, password):
    parts = [part if isinstance(part, bytes) else str(part).encode("utf-8") for part in (username, password)]
    return "Basic " + b64encode(b":".join(parts)).decode()


class AuthBase:
    """Others are made of it: called with a prepared request, it gives the request back."""

    def __call__(self, request):
        raise NotImplementedError("an authentication is called with a request")


class HTTPBasicAuth(AuthBase):
    """A name and a password."""

    def __init__(self, username, password):
        self.username = username
        self.password = password

    def __eq__(self, other):
        return (self.username, self.password) == (getattr(other, "username", None), getattr(other, "password", None))

    def __call__(self, request):
        request.headers["Authorization"] = _basic(self.username, self.password)
        return request


class HTTPProxyAuth(HTTPBasicAuth):
    def __call__(self, request):
        request.headers["Proxy-Authorization"] = _basic(self.username, self.password)
        return request
