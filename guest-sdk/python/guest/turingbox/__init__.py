"""What an agent can ask the host for: `from turingbox import http, sql, call, log`.

Each asks first, and the policy decides. What it denies raises `Denied`, which is a
`PermissionError`, with a sentence that says what was denied.
"""

from .errors import Denied, LimitReached

from . import call, http, log  # After the errors, which they raise.

try:
    from . import sql
except ImportError:
    pass  # A host without databases has no such import.

__all__ = ["Denied", "LimitReached", *(name for name in ("call", "http", "log", "sql") if name in globals())]
