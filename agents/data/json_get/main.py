import re
from json import JSONDecodeError, loads

STEP = re.compile(r'\.?([^.\[\]]+)|\[(-?\d+)\]|\[("(?:[^"\\]|\\.)*")\]')
MISSING = object()


def main(json, path, default=MISSING):
    try:
        value = loads(json) if isinstance(json, str) else json
    except JSONDecodeError as error:
        raise ValueError(f"the text is not JSON: {error}") from None
    try:
        for done, key in steps(path):
            value = child(value, key, done)
    except LookupError as error:
        if default is MISSING:
            raise ValueError(error.args[0]) from None
        value = default
    return {"value": value}


def steps(path):
    """Each key on the way, with the part of the path before it."""
    if path.startswith("/"):
        keys = path[1:].split("/")
        for n, key in enumerate(keys):
            yield "/" + "/".join(keys[:n]), key.replace("~1", "/").replace("~0", "~")
        return
    at = 0
    while at < len(path):
        step = STEP.match(path, at)
        if not step or at == 0 and path[0] == ".":
            raise ValueError(f"path {path!r} is wrong at {path[at:]!r}; write it as a.b[0].c or /a/b/0/c")
        name, index, quoted = step.groups()
        yield path[:at] or "the top", loads(quoted) if quoted else name or int(index)
        at = step.end()


def child(value, key, where):
    if isinstance(value, dict):
        if str(key) in value:
            return value[str(key)]
        raise LookupError(f"no {str(key)!r} at {where}; there is {', '.join(value) or 'nothing'}")
    if isinstance(value, list):
        if not re.fullmatch(r"-?\d+", str(key)):
            raise LookupError(f"no {key!r} at {where}, which is a list")
        if -len(value) <= int(key) < len(value):
            return value[int(key)]
        raise LookupError(f"no item {key} at {where}; the list has {len(value)}")
    raise LookupError(f"no {str(key)!r} at {where}, which is {value!r}")
