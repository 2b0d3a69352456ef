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
    texts = importlib.resources.files("greet.texts")
    metadata = importlib.metadata
    return {
        "file": greet.__file__,
        "data": pkgutil.get_data("greet", "hello.txt").decode(),
        "resource": (files / "hello.txt").read_text(),
        "names": sorted(entry.name for entry in files.iterdir()),
        "modules": [(one.name, one.ispkg) for one in pkgutil.iter_modules(greet.__path__)],
        "version": metadata.version("Greet"),
        "requires": metadata.requires("greet"),
        "packages": sorted({one.name for one in metadata.distributions()}),
        "files": [f"{one} {len(one.read_binary())}" for one in metadata.files("greet")],
        "modules_of": metadata.packages_distributions(),
        "entry_point": metadata.entry_points(name="greet")["greet"].load() is greet.greeting,
        "namespace": [(texts / "bye.txt").read_text(), [one.name for one in texts.iterdir()], str(texts.parent)],
        "exists": [path.exists() for path in (files, files / "hello.txt", files / "bye.txt", texts)],
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
