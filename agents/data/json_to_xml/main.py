import re
from json import dumps, loads
from math import isfinite

START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
PART = f"[{START}][{START}.0-9\u00b7\u0300-\u036f\u203f\u2040-]*"
# With namespaces, there is at most one colon, behind the prefix.
NAME = re.compile(f"{PART}(?::{PART})?")
FOREIGN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A carriage return, and in an attribute any white space but a space, would be read as another character.
IN_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
IN_ATTRIBUTE = IN_TEXT | {'"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def main(json, indent=2, declaration=True):
    if type(indent) is not int or not 0 <= indent <= 16:
        raise ValueError(f"indent must be a whole number from 0 to 16, not {indent!r}")
    try:
        value = loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"the text is not JSON: {error}") from None
    if not isinstance(value, dict) or len(value) != 1 or isinstance(next(iter(value.values())), list):
        raise ValueError('json must be an object with one key, the outermost element, as {"order": {…}}')
    parts = [DECLARATION] if declaration else []
    try:
        for name, item in value.items():
            element(name, item, " " * indent, "\n" if indent else "", parts)
    except RecursionError:
        raise ValueError("the value is nested too deep") from None
    return {"xml": "".join(parts) + "\n" * bool(indent)}


def element(name, value, indent, line, parts):
    """Writes an element. `line` is what a line within its parent begins with, nothing where there is no layout."""
    inner = value if isinstance(value, dict) else {"#text": value}
    attributes = "".join(
        f' {named(key[1:])}="{escaped(key, item, IN_ATTRIBUTE)}"' for key, item in inner.items() if key[:1] == "@"
    )
    text = escaped(name, inner.get("#text"), IN_TEXT)
    children = [(key, item) for key, item in inner.items() if key[:1] != "@" and key != "#text"]
    children = [(key, item) for key, items in children for item in (items if isinstance(items, list) else [items])]
    parts.append(f"<{named(name)}{attributes}")
    if not text and not children:
        parts.append("/>")
        return
    below = "" if text or not line else line + indent
    parts.append(f">{text}")
    for key, item in children:
        if isinstance(item, list):
            raise ValueError(f"{key} holds a list in a list, which XML doesn't have")
        parts.append(below)
        element(key, item, indent, below, parts)
    if children and below:
        parts.append(line)
    parts.append(f"</{name}>")


def named(name):
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of an element or attribute")
    return name


def escaped(name, value, table):
    if isinstance(value, (dict, list)):
        raise ValueError(f"{name} holds {type(value).__name__}s where there must be a text, a number, true or false")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{name} is {value}, which JSON doesn't have")
    text = "" if value is None else value if isinstance(value, str) else dumps(value)
    if foreign := FOREIGN.search(text):
        raise ValueError(f"{name} holds the character U+{ord(foreign[0]):04X}, which XML doesn't have")
    return "".join(table.get(character, character) for character in text)
