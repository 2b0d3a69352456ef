import re
from json import loads

STEP = re.compile(r'\.?([^.\[\]]+)|\[(-?(?:0|[1-9]\d{0,17})|-)\]|\[("(?:[^"\\]|\\.)*")\]')


def main(json, path: str, value, create=True):
    try:
        top = loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"the text is not JSON: {error}") from None
    keys = list(steps(path))
    if not keys:
        return {"json": value}
    here, where = top, "the top"
    for (key, done), (following, _) in zip(keys, keys[1:]):
        key = place(here, key, where)
        if key not in here if isinstance(here, dict) else key == len(here):
            if not create:
                raise ValueError(f"nothing at {done}; set create to make it")
            put(here, key, [] if isinstance(following, int) or following == "-" else {})
        here, where = here[key], done
    put(here, place(here, keys[-1][0], where), value)
    return {"json": top}


def steps(path):
    """Each key on the way, with the part of the path that ends with it."""
    if path.startswith("/"):
        keys = path[1:].split("/")
        for n, key in enumerate(keys, 1):
            yield key.replace("~1", "/").replace("~0", "~"), "/" + "/".join(keys[:n])
        return
    at = 0
    while at < len(path):
        step = STEP.match(path, at)
        if not step or at == 0 and path[0] == ".":
            raise ValueError(f"path {path!r} is wrong at {path[at:]!r}; write it as a.b[0].c or /a/b/0/c")
        name, index, quoted = step.groups()
        at = step.end()
        yield (loads(quoted) if quoted else name or (index if index == "-" else int(index))), path[:at]


def place(value, key, where):
    """The key of an object, or the position in a list, at most one behind its end."""
    if isinstance(value, dict):
        return str(key)
    if not isinstance(value, list):
        raise ValueError(f"no {str(key)!r} can be set at {where}, which is {value!r}")
    if key == "-":
        return len(value)
    if not re.fullmatch(r"-?(0|[1-9]\d*)", str(key)):
        raise ValueError(f"no {key!r} can be set at {where}, which is a list")
    at = int(key) + (len(value) if int(key) < 0 else 0)
    if not 0 <= at <= len(value):
        raise ValueError(f"no item {key} can be set at {where}; the list has {len(value)}")
    return at


def put(value, key, item):
    if isinstance(value, list) and key == len(value):
        value.append(item)
    else:
        value[key] = item
