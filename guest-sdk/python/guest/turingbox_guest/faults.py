"""Why a value can't cross the boundary, and where in it the reason is."""

import json
import math
import sys
from collections.abc import Coroutine, Iterator
from dataclasses import is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from fractions import Fraction

# How deep lists and dicts may go: the host's reader, like many, stops soon after.
DEPTH = 100

ADVICE = (
    ((bytes, bytearray, memoryview), "return it as an output of its own, or encode it (base64)"),
    (Enum, "return its `.value`"),
    ((set, frozenset), "make it a list, with sorted() or list()"),
    ((Decimal, Fraction), "make it a number with float(), or text with str()"),
    ((date, time), "make it text with .isoformat()"),
    (int, "make it a plain number with int()"),
    (float, "make it a plain number with float()"),
    (Coroutine, "await it, or leave the `async` out"),
    (Iterator, "make it a list with list()"),
)


def first(value, path):
    """The first thing in `value` that can't be an output, in words; None where all of it can."""
    return _first(value, path, set())


def kind(value):
    """What a value is, as a reader of the agent's code knows it."""
    return type(value).__qualname__


def shown(key):
    """A dict's key. Others than these may show themselves in ways of their own."""
    return repr(key) if type(key) in (str, bytes, int, float, bool, type(None)) else kind(key)


def _first(value, path, around):
    if value is None or isinstance(value, str):
        return _text_fault(value, path)
    if type(value) in (bool, int, float):
        return _number_fault(value, path)
    if not isinstance(value, (dict, list, tuple)):
        return f"{path} is {kind(value)}, which JSON can't hold; {_advice(value)}"
    if id(value) in around:
        return f"{path} holds itself, which JSON can't"
    if len(around) >= DEPTH:
        return f"{path[:DEPTH]}… is nested more than {DEPTH} levels deep"
    around.add(id(value))
    is_dict = isinstance(value, dict)
    for key, item in value.items() if is_dict else enumerate(value):
        fault = is_dict and _key_fault(key, path) or _first(item, _step(path, key), around)
        if fault:
            return fault
    around.remove(id(value))
    return None


def _text_fault(text, path):
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        return f"{path} holds half a surrogate pair at {error.start}, which is no character; is it bytes?"
    return None


def _number_fault(number, path):
    if type(number) is float and not math.isfinite(number):
        return f"{path} is {number}, which JSON can't hold; return None, or text"
    try:
        str(number)
    except ValueError:
        limit = sys.get_int_max_str_digits()
        return f"{path} is a number of more than {limit} digits; make it text with hex()"
    return None


def _key_fault(key, path):
    if type(key) is not str:
        return f"{path} has the key {shown(key)}, but JSON's keys are str; make it one with str()"
    return _text_fault(key, f"a key of {path}")


def _step(path, key):
    if type(key) is int:
        return f"{path}[{key}]"
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{json.dumps(key)}]"


def _advice(value):
    if is_dataclass(value):
        return "make it a dict with dataclasses.asdict()"
    advice = (advice for kinds, advice in ADVICE if isinstance(value, kinds))
    return next(advice, "return str, bytes, or what JSON has: dict, list, str, int, float, bool, None")
