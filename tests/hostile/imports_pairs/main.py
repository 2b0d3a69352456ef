DENIED = {"os", "posix", "time", "select", "multiprocessing", "logging", "selectors"}


def parts(value):
    """What hangs on something that a class has."""
    yield value
    function = value.__func__ if type(value) in (staticmethod, classmethod) else value
    if type(function) is type(parts):
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()


def main():
    got, seen, waiting = set(), set(), [object]
    while waiting:
        kind = waiting.pop()
        if id(kind) in seen:
            continue
        seen.add(id(kind))
        waiting += type.__subclasses__(kind)
        for key, value in list(vars(kind).items()):
            for part in parts(value):
                if type(part) is type(len) and part.__module__ in DENIED:
                    got.add(f"{kind.__module__}.{kind.__name__}.{key}: {part.__name__}")
    return {"got": [len(seen) > 1000, *sorted(got)]}
