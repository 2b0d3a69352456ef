"""What is done once, before the memory is kept: the imports, the cuts, and the warming up."""

import builtins
import importlib
import linecache
import os
import pkgutil
import sys
import traceback
import warnings
from types import FunctionType

import wit_world
import wit_world.imports
from componentize_py_types import Err, Ok
from wit_world.imports import call as _call, http as _http  # noqa: F401 (what is not imported now can't be later)
from wit_world.imports.types import Field, Value_Json, Value_Text

from . import heap, index
from .archive import Archive

LIBRARY = os.path.dirname(traceback.__file__)
# Code that is in memory, and whose source lines can't be had.
WITHOUT_SOURCE = tuple(
    folder + os.sep
    for folder in (
        LIBRARY,
        os.path.dirname(os.path.dirname(__file__)),
        os.path.dirname(os.path.dirname(wit_world.__file__)),
    )
)

# Neither imported nor kept: they need a screen, a terminal or a compiler, or they test Python.
LEFT_OUT = {
    "__hello__", "__phello__", "__pycache__", "_pyrepl", "antigravity", "curses", "ensurepip",
    "idlelib", "pydoc_data", "site-packages", "test", "tests", "this", "tkinter", "turtle",
    "turtledemo", "venv",
}  # fmt: skip

# Parts of packages that the package itself doesn't import, and that agents often do.
PARTS = (
    "collections.abc", "concurrent.futures", "email.message", "email.mime.multipart",
    "email.mime.text", "email.parser", "email.policy", "encodings.ascii", "encodings.cp1252",
    "encodings.idna", "encodings.latin_1", "encodings.utf_16", "encodings.utf_8_sig",
    "html.entities", "html.parser", "http.client", "http.cookies", "importlib.metadata",
    "importlib.resources", "json.decoder", "logging.handlers", "os.path", "unittest.mock",
    "urllib.error", "urllib.parse", "urllib.request", "urllib.robotparser", "xml.dom.minidom",
    "xml.etree.ElementTree", "xml.sax.saxutils",
)  # fmt: skip

# Sources, their outputs, and their inputs beside `text`. The plain one does no more than any agent does.
RICH = (
    """
import dataclasses, json, re

@dataclasses.dataclass
class Item:
    name: str

def main(text, items):
    if not items:
        raise ValueError(text)
    return {"text": Item(text.upper()).name, "data": text.encode(), "items": [*items, 1.5, None]}
""",
    ["text", "data", "items"],
    ["items"],
)
PLAIN = (
    """
def main(text):
    return text.upper()
""",
    ["text"],
    [],
)
WARM_UPS = 100

# What many calls run, with their modules.
OFTEN = {"turingbox_guest", "wit_world", "componentize_py_types", "json"}


def prepare(world):
    archive = Archive()
    _import_library(archive)
    _keep_the_rest(archive)
    _import_contract()

    # These take hold of the modules that have just been imported.
    from . import agent, event_loop, imports, network, randomness, refusals, resources, streams  # noqa: F401 (as above)

    import requests

    _cut_off_files(archive)
    event_loop.install()
    refusals.install()
    network.install()
    # An instance's first call seeds it.
    randomness.install()
    heap.note(lambda: _call_once(world, *PLAIN))
    heap.fill_holes()
    streams.install()
    heap.gather(_functions())
    _warm_up(world)
    agent.reset()
    # What was the environment here is none of the agent's, and costs each instance its removal.
    os.environ.clear()
    # After all that makes references: what it doesn't find stays where a policy denies it.
    imports.prepare(archive)
    randomness.install()
    heap.settle()


def _import_contract():
    """The world's interfaces: the runtime asks for their modules when the files are gone."""
    for module in pkgutil.iter_modules(wit_world.imports.__path__):
        importlib.import_module(f"wit_world.imports.{module.name}")


def _import_library(archive):
    make = builtins.__import__

    def noted(name, globals=None, locals=None, fromlist=(), level=0):
        module = make(name, globals, locals, fromlist, level)
        _note(globals or {}, name, fromlist or (), level)
        return module

    builtins.__import__ = noted
    with warnings.catch_warnings(action="error"):
        for name in sorted(sys.stdlib_module_names - LEFT_OUT):
            if not name.startswith("_") or name in sys.builtin_module_names:
                _import(name, archive)
        for name in PARTS:
            importlib.import_module(name)
    builtins.__import__ = make


def _note(space, name, parts, level):
    """Remembers who imports what."""
    importer = space.get("__name__")
    if level:
        package = (space.get("__package__") or "").rsplit(".", level - 1)[0]
        name = f"{package}.{name}" if name else package
    for module in (name, *(f"{name}.{part}" for part in parts)):
        if importer and module in sys.modules:
            index.note(importer, module)


def _import(name, archive):
    try:
        importlib.import_module(name)
    except ImportError as error:
        archive.lack(name, error.name)
    except Warning:
        # It stays importable, and warns whoever imports it.
        pass


def _keep_the_rest(archive):
    for folder, folders, files in os.walk(LIBRARY):
        folders[:] = set(folders) - LEFT_OUT
        for file in files:
            stem, extension = os.path.splitext(file)
            name = _module_name(folder, stem)
            if extension == ".py" and stem not in LEFT_OUT and name not in sys.modules:
                archive.add(name, os.path.join(folder, file))


def _module_name(folder, stem):
    parts = os.path.relpath(folder, LIBRARY).split(os.sep) + [stem]
    return ".".join(part for part in parts if part not in (os.curdir, "__init__"))


def _cut_off_files(archive):
    """Leaves nothing that looks for the library's files: each look would be a refusal to explain.

    Folders that an agent puts on `sys.path` itself are searched as ever.
    """
    sys.meta_path.insert(0, archive)
    sys.path.clear()
    sys.path_importer_cache.clear()
    sys.dont_write_bytecode = True
    for module in list(sys.modules.values()):
        if hasattr(module, "__path__"):
            module.__path__ = []
    sys.modules["zoneinfo"].reset_tzpath(to=())
    sys.modules["mimetypes"].init(files=())
    _keep_linecache_off_files()


def _keep_linecache_off_files():
    from . import packages

    update = linecache.updatecache

    def updatecache(filename, module_globals=None):
        # Some frames have files of C, which nobody has here: looking for one would be denied.
        has_none = filename.startswith(WITHOUT_SOURCE) or not filename.endswith(".py")
        return [] if has_none else update(filename, module_globals)

    linecache.updatecache = packages.keep_lines(updatecache)


def _functions():
    """The functions that many calls go through."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OFTEN:
            for item in list(vars(module).values()):
                inner = vars(item).values() if isinstance(item, type) else ()
                yield from (part for part in (item, *inner) if type(part) is FunctionType and part.__module__ == name)


def _warm_up(world):
    """Fills caches and lets the interpreter specialise, for agents that work and one that fails."""
    for items in ["[1]"] * WARM_UPS + ["[]"] * 2:
        for call in RICH, PLAIN:
            _call_once(world, *call, items)


def _call_once(world, text, outputs, more, items="[1]"):
    """All of it anew each time, as the runtime does: an instance of a class is a count in the class."""
    from wit_world import Options, Source

    source = Source("main.py", text, "main", outputs)
    Ok(world.load(source, Ok(world.compile(source)).value, Options(False, False)))
    given = [Field("text", Value_Text("text")), *(Field(name, Value_Json(items)) for name in more)]
    try:
        Ok(world.run(given))
    except Err:
        pass
