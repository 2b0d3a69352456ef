import re
from copy import deepcopy
from json import loads

INDEX = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)
# What each operation needs beside `path`.
NEEDS = {"add": "value", "remove": None, "replace": "value", "move": "from", "copy": "from", "test": "value"}


def main(json, patch):
    # All under one key, so that the whole value is in a place like any other.
    top = {"": parsed("json", json)}
    operations = parsed("patch", patch)
    if not isinstance(operations, list):
        raise ValueError(f"patch must be a list of operations, not {type(operations).__name__}")
    for number, operation in enumerate(operations):
        try:
            apply(top, checked(operation))
        except LookupError as error:
            raise ValueError(f"operation {number}: {error.args[0]}") from None
        except RecursionError:
            raise ValueError(f"operation {number}: the value is nested too deep") from None
    return {"json": top[""]}


def parsed(name, json):
    try:
        return loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None


def checked(operation):
    if not isinstance(operation, dict) or operation.get("op") not in list(NEEDS):
        raise LookupError(f"it must be an object whose op is one of {', '.join(NEEDS)}")
    need = NEEDS[operation["op"]]
    for key in ("path", need):
        if key and key not in operation:
            raise LookupError(f"{operation['op']} needs {key}")
        if key in ("path", "from"):
            keys(operation[key])
    return operation


def apply(top, operation):
    op, path = operation["op"], operation["path"]
    if op == "add":
        add(top, path, deepcopy(operation["value"]))
    elif op == "copy":
        add(top, path, deepcopy(find(top, operation["from"])))
    elif op == "move":
        move(top, operation["from"], path)
    elif op == "test":
        if not same(find(top, path), operation["value"]):
            raise LookupError(f"the test of {path!r} fails: another value is there")
    elif op == "replace":
        parent, key = place(top, path)
        parent[key] = deepcopy(operation["value"])
    else:
        remove(top, path)


def keys(path):
    """The keys of a JSON pointer, from the one that all is under."""
    if not isinstance(path, str) or path and path[0] != "/" or re.search("~(?![01])", path):
        raise LookupError(f"{path!r} is no path; write it as /a/0, with ~1 for / and ~0 for ~")
    return [key.replace("~1", "/").replace("~0", "~") for key in path.split("/")]


def place(top, path):
    """Where a value is: what holds it, and its key or position there."""
    *way, last = keys(path)
    here = top
    for key in way:
        here = here[key_in(here, key, path)]
    return here, key_in(here, last, path)


def key_in(here, key, path):
    if isinstance(here, dict) and key in here:
        return key
    if isinstance(here, list) and INDEX.fullmatch(key) and int(key) < len(here):
        return int(key)
    raise LookupError(f"there is nothing at {path!r}")


def find(top, path):
    parent, key = place(top, path)
    return parent[key]


def remove(top, path):
    if not path:
        raise LookupError("the whole value can't be removed")
    parent, key = place(top, path)
    return parent.pop(key)


def add(top, path, value):
    *way, last = keys(path)
    here = top
    for key in way:
        here = here[key_in(here, key, path)]
    if isinstance(here, dict):
        here[last] = value
    elif isinstance(here, list) and (last == "-" or INDEX.fullmatch(last) and int(last) <= len(here)):
        here.insert(len(here) if last == "-" else int(last), value)
    else:
        raise LookupError(f"nothing can be added at {path!r}")


def move(top, source, path):
    if path.startswith(f"{source}/"):
        raise LookupError(f"{source!r} can't be moved into itself")
    if path != source:
        add(top, path, remove(top, source))
    else:
        find(top, source)


def same(one, other):
    """Whether two values are the same JSON. For Python, true is 1."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other
