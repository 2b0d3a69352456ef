import shutil
import tempfile
import urllib.request


def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError):
        return []

def values(thing):
    if type(thing).__name__ == "StandIn":
        return
    function = getattr(thing, "__func__", thing)
    yield from (getattr(function, "__globals__", None) or {}).items()
    yield from enumerate(getattr(function, "__defaults__", None) or ())
    yield from (getattr(function, "__kwdefaults__", None) or {}).items()
    for cell in getattr(function, "__closure__", None) or ():
        yield from tried_cell(cell)


def tried_cell(cell):
    try:
        yield "cell", cell.cell_contents
    except ValueError:
        pass


def main():
    got = []
    for owner in [shutil, tempfile, urllib.request]:
        for thing in vars(owner).values():
            parts = [thing, *vars(thing).values()] if type(thing) is type else [thing]
            for part in parts:
                for key, value in values(part):
                    module = getattr(value, "__self__", value) if type(value) is type(len) else value
                    if type(module) is type(shutil) and module.__name__ in ("os", "posix", "posixpath", "_socket"):
                        got.append(f"{part} {key}")
    return got + tried(lambda: shutil.copyfile.__globals__["os"].stat)
