import importlib.metadata
import importlib.resources
import inspect
import json
import pkgutil
import sys

import greet


def tried(what):
    try:
        return what()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main():
    files = importlib.resources.files("greet")
    return {
        "file": greet.__file__,
        "data": pkgutil.get_data("greet", "hello.txt").decode(),
        "resource": (files / "hello.txt").read_text(),
        "names": sorted(entry.name for entry in files.iterdir()),
        "modules": [(one.name, one.ispkg) for one in pkgutil.iter_modules(greet.__path__)],
        "version": importlib.metadata.version("Greet"),
        "requires": importlib.metadata.requires("greet"),
        "packages": sorted({one.name for one in importlib.metadata.distributions()}),
        "source": inspect.getsource(greet.greeting),
        "json": json.dumps([1]),
        "again": sys.modules["greet"] is __import__("greet"),
        "write": tried(lambda: open(greet.__file__, "w")),
        "write_resource": tried(lambda: (files / "hello.txt").open("w")),
        "read": tried(lambda: open("/packages.zip")),
        "missing": tried(lambda: __import__("greet.missing")),
        "wrong": tried(lambda: __import__("greet.wrong")),
        "outside": tried(lambda: pkgutil.get_data("greet", "../../main.py")),
    }
