"""One request, with a session of its own."""

from .sessions import Session


def request(method, url, **named):
    with Session() as session:
        return session.request(method, url, **named)


def get(url, params=None, **named):
    return request("GET", url, params=params, **named)


def options(url, **named):
    return request("OPTIONS", url, **named)


def head(url, **named):
    named.setdefault("allow_redirects", False)
    return request("HEAD", url, **named)


def post(url, data=None, json=None, **named):
    return request("POST", url, data=data, json=json, **named)


def put(url, data=None, **named):
    return request("PUT", url, data=data, **named)


def patch(url, data=None, **named):
    return request("PATCH", url, data=data, **named)


def delete(url, **named):
    return request("DELETE", url, **named)
