"""What can go wrong, under the names that callers catch."""

from json import JSONDecodeError as _JSONDecodeError


class RequestException(IOError):
    """Something went wrong with a request."""

    def __init__(self, *arguments, response=None, request=None):
        super().__init__(*arguments)
        self.response = response
        self.request = request if request is not None else getattr(response, "request", None)


class InvalidJSONError(RequestException):
    """Something is not JSON."""


class JSONDecodeError(InvalidJSONError, _JSONDecodeError):
    """A response's text is not JSON."""

    def __init__(self, *arguments, **named):
        _JSONDecodeError.__init__(self, *arguments)
        InvalidJSONError.__init__(self, *self.args, **named)

    def __reduce__(self):
        return _JSONDecodeError.__reduce__(self)


class HTTPError(RequestException):
    """The status is an error."""


class ConnectionError(RequestException):
    """There is no connection, or it broke off."""


class Denied(ConnectionError, PermissionError):
    """The policy doesn't grant it."""


class ProxyError(ConnectionError):
    pass


class SSLError(ConnectionError):
    pass


class Timeout(RequestException):
    """It took too long."""


class ConnectTimeout(ConnectionError, Timeout):
    pass


class ReadTimeout(Timeout):
    pass


class URLRequired(RequestException):
    pass


class TooManyRedirects(RequestException):
    pass


class MissingSchema(RequestException, ValueError):
    """The URL has no `https://`."""


class InvalidSchema(RequestException, ValueError):
    """The URL is not one of `http` or `https`."""


class InvalidURL(RequestException, ValueError):
    pass


class InvalidHeader(RequestException, ValueError):
    pass


class InvalidProxyURL(InvalidURL):
    pass


class ChunkedEncodingError(RequestException):
    pass


class ContentDecodingError(RequestException):
    """The body isn't encoded as its header says."""


class StreamConsumedError(RequestException, TypeError):
    pass


class RetryError(RequestException):
    pass


class UnrewindableBodyError(RequestException):
    pass


class RequestsWarning(Warning):
    pass
