import re
from json import dumps, loads
from math import isfinite

# What every reader takes for a text without quotes.
PLAIN = re.compile(r"[^\W\d_](?:[\w./-]|[ ](?=[\w./-]))*")
WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
# What is not printable for YAML; it is escaped.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# Lines that say themselves how they are indented and how they end.
BLOCK = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff](?:[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff])*")
# The longest key that YAML finds without a sign before it.
MAX_KEY = 1024


def main(json):
    try:
        value = loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"the text is not JSON: {error}") from None
    lines = []
    try:
        if is_nested(value):
            write(value, "", lines)
        else:
            lines.append(scalar(value, ""))
    except RecursionError:
        raise ValueError("the value is nested too deep") from None
    return {"yaml": "\n".join(lines) + "\n"}


def is_nested(value):
    return isinstance(value, (dict, list)) and bool(value)


def write(value, pad, lines):
    is_list = isinstance(value, list)
    for key, item in enumerate(value) if is_list else value.items():
        start = f"{pad}-" if is_list else f"{pad}{name(key)}:"
        if not is_nested(item):
            lines.append(f"{start} {scalar(item, pad)}")
        elif is_list:
            # What is in a list begins on the line of its sign.
            first = len(lines)
            write(item, f"{pad}  ", lines)
            lines[first] = start + lines[first][len(start) :]
        else:
            lines.append(start)
            write(item, f"{pad}  ", lines)


def name(key):
    written = text(key)
    if len(written) > MAX_KEY:
        raise ValueError(f"the key {key[:40]}… has more than {MAX_KEY} characters, which YAML doesn't take")
    return written


def scalar(value, pad):
    if isinstance(value, float):
        return number(value)
    if not isinstance(value, str):
        return dumps(value)
    if "\n" in value and BLOCK.fullmatch(value) and not value.endswith("\n\n"):
        lines = value.removesuffix("\n").split("\n")
        head = "|" if value.endswith("\n") else "|-"
        return "\n".join([head, *(f"{pad}  {line}" if line else "" for line in lines)])
    return text(value)


def number(value):
    """Readers of YAML 1.1 take 1e+22 for a text, and 1.0e+22 for a number."""
    if not isfinite(value):
        raise ValueError(f"the value has {value}, which JSON doesn't have")
    written = dumps(value)
    return written if "." in written else written.replace("e", ".0e")


def text(value):
    if PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", dumps(value, ensure_ascii=False))
