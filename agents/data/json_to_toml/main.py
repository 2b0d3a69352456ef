import re
from json import dumps, loads
from math import isfinite

BARE = re.compile(r"[A-Za-z0-9_-]+")


def main(json, nulls="refuse"):
    if nulls not in ("refuse", "drop"):
        raise ValueError(f"nulls must be refuse or drop, not {nulls!r}")
    try:
        value = loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"the text is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"json must be an object, not {type(value).__name__}")
    lines = []
    try:
        Writer(nulls == "drop", lines).table(value, ())
    except RecursionError:
        raise ValueError("the value is nested too deep") from None
    return {"toml": "".join(f"{line}\n" for line in lines)}


class Writer:
    def __init__(self, drop, lines):
        self.drop, self.lines = drop, lines

    def table(self, value, path, head="[{}]"):
        """A table: first what stands in it, then the tables below."""
        below = {key: item for key, item in value.items() if is_table(item) or is_tables(item)}
        direct = [(key, item) for key, item in value.items() if key not in below and not self.left_out(item)]
        if path and (direct or not below or head != "[{}]"):
            self.lines += [""] * bool(self.lines) + [head.format(written(path))]
        for key, item in direct:
            self.lines.append(f"{name(key)} = {self.inline(item, (*path, key))}")
        for key, item in below.items():
            if is_table(item):
                self.table(item, (*path, key))
            else:
                for one in item:
                    self.table(one, (*path, key), "[[{}]]")

    def left_out(self, item):
        return item is None and self.drop

    def inline(self, value, path):
        if isinstance(value, str):
            return text(value)
        if isinstance(value, list):
            # Without an item, those after it would be others.
            return f"[{', '.join(self.inline(item, (*path, n)) for n, item in enumerate(value))}]"
        if isinstance(value, dict):
            pairs = [(key, item) for key, item in value.items() if not self.left_out(item)]
            inner = ", ".join(f"{name(key)} = {self.inline(item, (*path, key))}" for key, item in pairs)
            return f"{{ {inner} }}" if inner else "{}"
        if value is None:
            raise ValueError(f"{written(path)} is null, which TOML doesn't have; set nulls to drop, or take it out")
        if type(value) is int and not -(2**63) <= value < 2**63:
            raise ValueError(f"{written(path)} has more than 64 bits, which TOML doesn't have")
        if type(value) is float and not isfinite(value):
            raise ValueError(f"{written(path)} is {value}, which JSON doesn't have")
        return dumps(value)


def is_table(value):
    return isinstance(value, dict)


def is_tables(value):
    return isinstance(value, list) and bool(value) and all(map(is_table, value))


def written(path):
    return ".".join(name(str(key)) for key in path)


def name(key):
    return key if BARE.fullmatch(key) else text(key)


def text(value):
    return dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
