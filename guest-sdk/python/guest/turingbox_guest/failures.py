"""Failures as the host gets them: what went wrong, and where in the agent's own code."""

import gc
import opcode
import os
import traceback

from componentize_py_types import Err
from wit_world.imports.types import Failure, FailureKind

# The host keeps less, in one line: it cuts when it has taken secrets out, of which no part would be known.
LIMIT = 1 << 20

# The agent's own module.
MODULE = "agent"

_RAISE = opcode.opmap["RAISE_VARARGS"]

# Of these, the message alone doesn't say what is wrong.
_UNCLEAR = (AssertionError, BaseExceptionGroup, KeyError, NotImplementedError)

# Frames that run the agent, or import for it, tell its author nothing.
_HIDDEN = (os.path.dirname(__file__) + os.sep, "<frozen importlib.")

# Let go of when memory has run out, so that there is some to say so with.
_reserve = bytearray(1 << 20)


def failure(kind, message, trace=""):
    """The exception that makes an export return this failure."""
    # Of a trace, the end says the most.
    return Err(Failure(kind, sound(message)[:LIMIT], sound(trace)[-LIMIT:]))


def raised(error):
    """The failure for an exception that the agent let through."""
    kind = FailureKind.ERROR
    try:
        if isinstance(error, MemoryError):
            kind = FailureKind.MEMORY
            _make_room(error)
        if _is_meant(error):
            return failure(kind, str(error))
        shown = _shown(error)
        return failure(kind, _message(error, shown), "".join(shown.format()))
    except BaseException:
        return failure(kind, "the agent failed, and its exception can't be shown")


def _is_meant(error):
    """Whether the agent's own `raise` gave it a message. That is how an agent fails on purpose, and says
    what is wrong with its inputs; where it says so, and with which class, tells nobody more.
    """
    if not isinstance(error, Exception) or isinstance(error, _UNCLEAR) or hasattr(error, "__notes__"):
        return False
    # One that was raised for another's sake says no more than where that came from.
    if len(error.args) != 1 or error.__cause__ or (error.__context__ and not error.__suppress_context__):
        return False
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    if not last or last.tb_frame.f_globals.get("__name__") != MODULE:
        return False
    code, at = last.tb_frame.f_code.co_code, last.tb_lasti
    # With nothing behind it, `raise` hands on what somebody else raised.
    return code[at] == _RAISE and code[at + 1] > 0 and str(error) != ""


def _make_room(error):
    _reserve.clear()
    traceback.clear_frames(error.__traceback__)
    gc.collect()


def headline(error):
    """An exception in one line, as Python ends a traceback."""
    return _headline(traceback.TracebackException.from_exception(error))


def summary(error):
    """An exception without the way to it: for a syntax error, the line and a mark under it."""
    return "".join(traceback.TracebackException.from_exception(error).format_exception_only())


def _message(error, shown):
    if isinstance(error, SystemExit):
        return f"the agent called sys.exit({error.code!r}) where it should return"
    return _headline(shown)


def _headline(shown):
    name, text = shown.exc_type_str, str(shown)
    return f"{name}: {text}" if text else name


def _shown(error):
    """The exception with all that led to it, and without the frames that run the agent."""
    shown = traceback.TracebackException.from_exception(error, compact=True)
    pending = [shown]
    while pending:
        part = pending.pop()
        part.stack[:] = [frame for frame in part.stack if not frame.filename.startswith(_HIDDEN)]
        pending += filter(None, (part.__cause__, part.__context__, *(part.exceptions or ())))
    return shown


def sound(text):
    """A lone surrogate is no character, and no text that crosses the boundary can hold one."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
