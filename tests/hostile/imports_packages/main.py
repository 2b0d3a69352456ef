import importlib
import marshal
import sys

import componentize_py_runtime
from wit_world.imports import packages as host

import evil


def tried(attempt):
    """What an attempt got, or what refused it."""
    try:
        return str(attempt())
    except (ImportError, LookupError, AttributeError, PermissionError, TypeError) as refused:
        return type(refused).__name__


def load(name):
    """An import that no text names."""
    return importlib.import_module(name)


def forged():
    code = compile("1", "main.py", "eval")
    return marshal.loads(marshal.dumps(code))


def lie():
    host.made = lambda digest: True
    return forged()


def greater_lie():
    componentize_py_runtime.call_import = lambda *_: True
    return forged()


def main():
    got = host.compiled("evil.fine")
    seen = {
        "allowed": tried(lambda: importlib.import_module("evil.fine").__name__),
        "socket": tried(lambda: importlib.import_module("evil.at_once")),
        "lazy": tried(evil.lazily),
        "module": tried(lambda: load("secret_part")),
        "below": tried(lambda: load("evil.hidden")),
        "handle": tried(lambda: evil.handle().socket.socket),
        "own": tried(lambda: marshal.loads(got).co_name == "<module>"),
        "json": tried(lambda: sys.modules["json"].__file__),
        "ssl": tried(lambda: importlib.import_module("ssl")),
        "turingbox": tried(lambda: "packages.zip" in importlib.import_module("turingbox").__file__),
        "write": tried(lambda: host.write("evil/fine.py", b"")),
        "forged": tried(forged),
        "forged_by_a_lie": tried(lie),
    }
    # Last: from here on the guest believes the agent, and the guard doesn't.
    call, seen["forged_by_a_greater_lie"] = componentize_py_runtime.call_import, tried(greater_lie)
    componentize_py_runtime.call_import = call
    return seen
