"""The everyday part of the well-known `requests`, written anew over the host's requests.

TLS is the host's, and so are the checks of certificates. What the policy denies raises `Denied`, a
`ConnectionError` that is a `PermissionError` too.
"""

from . import adapters, auth, cookies, exceptions, models, sessions, status_codes, structures, utils
from .api import delete, get, head, options, patch, post, put, request
from .exceptions import (
    ConnectionError, ConnectTimeout, Denied, HTTPError, InvalidURL, JSONDecodeError, MissingSchema, ReadTimeout,
    RequestException, Timeout, TooManyRedirects, URLRequired,
)  # fmt: skip
from .models import PreparedRequest, Request, Response
from .sessions import Session, session
from .status_codes import codes

# The version whose interface this follows.
__version__ = "2.32"
