"""Imports, where the policy says something about them.

What the policy denies is taken out of the instance before the agent's code runs: its module, every
reference to it that another module holds, and what lies in it. So there is no way left that leads
there, and none has to be watched. `deny` is held by that alone.

What is merely not on a list of allowed modules goes the same way, but for what the allowed ones
need for themselves: that stays, and is hidden from the agent's own code.

Nothing here happens, or costs anything, where the policy says nothing.
"""

import sys
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

_archive = None
# How to ask the host whether it made some bytecode.
_made = None


def prepare(archive):
    """Notes who holds what, for `guard` to find it."""
    global _archive, _made
    _archive, _made = archive, packages.asks_host()
    index.make()


def guard():
    """Holds the policy's rules from here on."""
    heap.forget()
    names = [name for name in [*sys.modules, *_archive.names()] if not name.startswith(OWN)]
    standing = dict(zip(names, host.standings(names)))
    denied = {name for name, found in standing.items() if found is host.Standing.DENIED}
    unlisted = {name for name, found in standing.items() if found is host.Standing.HIDDEN}
    hidden = set()
    if unlisted:
        hidden = unlisted & index.needed(set(names) - unlisted - denied, OWN, DONE)
        denied |= unlisted - hidden
    core = {name for name in denied if name in CORE or index.alias(name) in CORE}
    machinery.close(denied - core, _archive.digests, _made)
    _remove(denied - core)
    for name in core:
        sys.modules.pop(name, None)
    if hidden:
        machinery.hide(hidden, _archive)


def _remove(denied):
    modules = []
    for name in denied:
        _archive.drop(name)
        module = sys.modules.pop(name, None)
        if isinstance(module, ModuleType):
            modules.append(module)
    for name in denied:
        for holder, is_emptied, replace in index.held(name):
            if not (is_emptied and holder in denied):
                replace(stand_ins.StandIn(name, holder))
    # Things that tidy up after themselves find nothing to do it with, and Python would tell of it.
    told, sys.unraisablehook = sys.unraisablehook, _untold
    for module in modules:
        # What is left of it would otherwise lead on to what is denied with it.
        vars(module).clear()
    sys.unraisablehook = told


def _untold(_):
    pass
