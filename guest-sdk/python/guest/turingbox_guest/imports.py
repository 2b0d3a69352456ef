"""Imports, where the policy says something about them.

What the policy denies is taken out of the instance before the agent's code runs: its module, every
reference to it that another module holds, and what lies in it. So there is no way left that leads
there, and none has to be watched. `deny` is held by that alone.

What is merely not on a list of allowed modules goes the same way, but for what the allowed ones
need for themselves: that stays, and is hidden from the agent's own code.

Nothing here happens, or costs anything, where the policy says nothing.
"""

import sys
from itertools import compress
from types import ModuleType

from wit_world.imports import imports as host

from . import heap, index, machinery, packages, stand_ins

# The guest's own, which the agent may find but which give it nothing.
OWN = ("turingbox_guest", "wit_world", "componentize_py", "poll_loop", "agent", "__main__")
# What neither Python nor the guest can run without: the policy can't deny them by name, and as
# parts of what it denies they are hidden.
CORE = frozenset({
    "__future__", "_abc", "_codecs", "_collections_abc", "_colorize", "_frozen_importlib",
    "_frozen_importlib_external", "_imp", "_io", "_json", "_thread", "_warnings", "_weakref", "abc",
    "builtins", "codecs", "collections", "collections.abc", "contextlib", "encodings", "enum",
    "functools", "importlib._bootstrap", "importlib._bootstrap_external", "io", "itertools", "json",
    "json.decoder", "json.encoder", "json.scanner", "linecache", "operator", "re", "re._casefix",
    "re._compiler", "re._constants", "re._parser", "sys", "textwrap", "traceback", "types", "warnings",
})  # fmt: skip

# Modules of the guest that have done their work when an instance begins.
DONE = {
    "turingbox_guest.event_loop", "turingbox_guest.network", "turingbox_guest.randomness", "turingbox_guest.refusals",
    "turingbox_guest.snapshot",
}  # fmt: skip

# What the host says of a module.
ALLOWED, HIDDEN, DENIED = (bytes(byte == standing for byte in range(256)) for standing in range(3))

_archive = None
# The library's modules, as a list and as the host is asked about them.
_names = []
_asked = ""
# Those of them that are in `CORE`, by any name.
_core = set()
# How to ask the host whether it made some bytecode.
_made = None


def prepare(archive):
    """Notes who holds what, for `guard` to find it."""
    global _archive, _made, _names, _asked, _core
    _archive, _made = archive, packages.asks_host()
    _names = [name for name in [*sys.modules, *archive.names()] if not name.startswith(OWN)]
    _asked = "\n".join(_names)
    index.make(_names, [name for name in sys.modules if name.startswith(OWN) and name not in DONE])
    _core = {name for name in _names if name in CORE or index.alias(name) in CORE}
    machinery.prepare()


def guard():
    """Holds the policy's rules from here on."""
    heap.forget()
    standings = host.standings(_asked)
    denied = _those(standings, DENIED)
    # Of these, nobody said that they may be had.
    denied.update(_names[len(standings) :])
    unlisted = _those(standings, HIDDEN)
    hidden = set()
    if unlisted:
        hidden = unlisted.intersection(compress(_names, index.needed(_those(standings, ALLOWED))))
        denied |= unlisted - hidden
    core = denied & _core
    hook = machinery.close(denied - core, _archive.digests, _made)
    gone = _remove(denied - core)
    gone += _popped(core)
    if hidden:
        machinery.hide(hidden, gone, _archive)
    # Last: Python would ask it about much of what is done here.
    sys.addaudithook(hook)


def _those(standings, standing):
    return set(compress(_names, standings.translate(standing)))


def _remove(denied):
    """Takes modules out, and returns those that were there."""
    _archive.drop(denied)
    modules = _popped(denied)
    for name, kind, container, key, holder in index.held(denied):
        # A namespace is emptied with its module, whose classes and functions are found without it.
        if not (kind == "dict" and holder in denied):
            index.replace(kind, container, key, stand_ins.StandIn(name, holder))
    # Things that tidy up after themselves find nothing to do it with, and Python would tell of it.
    told, sys.unraisablehook = sys.unraisablehook, _untold
    for module in modules:
        # What is left of it would otherwise lead on to what is denied with it.
        vars(module).clear()
    sys.unraisablehook = told
    return modules


def _popped(names):
    things = [sys.modules.pop(name) for name in names if name in sys.modules]
    return [thing for thing in things if isinstance(thing, ModuleType)]


def _untold(_):
    pass
