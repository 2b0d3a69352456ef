"""Values as they cross the boundary and as Python has them.

`str` is text, `bytes` is data, and everything else that JSON can hold is json.
"""

from json import JSONEncoder, loads

from wit_world.imports.types import Field, FailureKind, Value_Data, Value_Json, Value_Text

from . import faults
from .failures import failure, headline

# Names that are outputs of every agent, whatever it declares.
SPECIAL = {"step_index", "status"}

BYTES = (bytes, bytearray, memoryview)
KEYS = {str}
# Exactly these: an enum's member is an `int` to `isinstance`, and a bare number to the encoder.
SCALARS = {str, int, float, bool, type(None)}

_encode = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def decoded(field):
    """An input as Python has it."""
    value = field.value
    if type(value) is not Value_Json:
        return value.value
    try:
        return loads(value.value)
    except (ValueError, RecursionError) as error:
        message = f"the input `{field.name}` can't be read: {headline(error)}"
        raise failure(FailureKind.ERROR, message) from None


def text(value, what):
    """A text that an agent gives the host: what is none would end the instance."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is to be text, not {faults.kind(value)}")
    if not _is_text(value):
        raise ValueError(faults.first(value, what))
    return value


def fields(result, declared):
    """The outputs that a function's return value stands for."""
    if type(result) is str and len(declared) == 1:
        # What most agents return needs no more looks.
        return [encoded(result, declared[0])]
    status = {}
    if _has_status(result):
        result, status = result
    named = {**_named(result, declared), **status}
    return [encoded(value, name) for name, value in named.items()]


def encoded(value, name):
    """A value as it crosses the boundary, under a name."""
    return Field(name, _encoded(value, name))


def _has_status(result):
    """Whether a result is `(outputs, {"status": {…}})`."""
    if type(result) is not tuple or len(result) != 2:
        return False
    last = result[1]
    return type(last) is dict and len(last) == 1 and isinstance(last.get("status"), dict)


def _named(result, declared):
    if len(declared) == 1 and not _is_mapping_of(declared[0], result):
        return {declared[0]: result}
    if result is None and not declared:
        return {}
    if not isinstance(result, dict):
        raise _unfit(f"the function returned {faults.kind(result)}, {_expected(declared)}")
    for name in result:
        if type(name) is not str or not _is_text(name):
            raise _unfit(f"the function returned a dict with the key {faults.shown(name)}, "
                         "which is no name of an output")
    return result


def _is_mapping_of(name, result):
    """With one output, a dict is its value unless it can be the mapping.

    An empty dict is a value too, but for an agent that only moves the head: there it is no move.
    """
    if not isinstance(result, dict):
        return False
    return result.keys() <= {name, *SPECIAL} if result else name in SPECIAL


def _expected(declared):
    if declared:
        return f"where the agent's outputs call for a dict with the keys {', '.join(declared)}"
    return "where the agent may return None, or a dict of outputs"


def _encoded(value, name):
    if isinstance(value, str):
        # A plain one: an agent may return a `str` whose methods say what it likes.
        value = str.__str__(value)
        if not _is_text(value):
            raise _unfit(faults.first(value, name))
        return Value_Text(value)
    if isinstance(value, BYTES):
        return Value_Data(bytes(value))
    return Value_Json(_json(value, name))


def _json(value, name):
    if not _is_json(value):
        raise _unfit(faults.first(value, name))
    try:
        text = _encode(value)
    except ValueError as error:
        raise _unfit(faults.first(value, name) or f"{name}: {headline(error)}") from None
    if not _is_text(text):
        raise _unfit(faults.first(value, name))
    return text


def _is_json(value):
    """Whether JSON gives back what is in `value`: the encoder itself is more forgiving.

    It goes down level by level, so that it ends on a value that holds itself, and before the
    encoder has used up the stack.
    """
    level = {id(value): (value,)}
    for _ in range(faults.DEPTH + 1):
        below = {}
        for items in level.values():
            # Most containers pass here, at the speed of C.
            if not SCALARS.issuperset(map(type, items)) and not _gather(items, below):
                return False
        if not below:
            return True
        level = below
    return False


def _gather(items, below):
    """Adds what the items hold to `below`, each container once; False if one can't be JSON."""
    for item in items:
        if isinstance(item, dict):
            if not KEYS.issuperset(map(type, item)):
                return False
            below[id(item)] = item.values()
        elif isinstance(item, (list, tuple)):
            below[id(item)] = item
        elif type(item) not in SCALARS and not isinstance(item, str):
            return False
    return True


def _is_text(text):
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unfit(message):
    return failure(FailureKind.OUTPUT, message)
