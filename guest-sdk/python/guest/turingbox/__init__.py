"""What an agent can ask the host for: `from turingbox import http, sql, call, log`.

Each asks first, and the policy decides. What it denies raises `Denied`, which is a
`PermissionError`, with a sentence that says what was denied.
"""

from .errors import Denied, LimitReached

from . import call, http, legacy, log, sql  # After the errors, which they raise.

__all__ = ["Denied", "LimitReached", "call", "http", "legacy", "log", "sql"]
