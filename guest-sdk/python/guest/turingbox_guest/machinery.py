"""Python's own ways to a module: closed to what is denied, and watched for what is hidden."""

import _imp
import builtins
import importlib
import sys
from _sha2 import sha256
from types import ModuleType

from . import index, stand_ins
from wit_world.imports import imports as host

# Make a module out of what the interpreter has built in. All that agents need is made already.
MAKERS = (
    "create_builtin", "create_dynamic", "exec_builtin", "exec_dynamic", "find_frozen",
    "get_frozen_object", "init_frozen",
)  # fmt: skip

# With these, code that Python's compiler would never make can read any memory, and walks over all
# objects find what nothing leads to.
FORBIDDEN = frozenset({
    "code.__new__", "gc.get_objects", "gc.get_referents", "gc.get_referrers", "marshal.load",
    "marshal.loads", "sys.monitoring.register_callback", "sys.setprofile", "sys.settrace",
})  # fmt: skip

# Import for others: who calls them is who imports.
HELPERS = ("importlib", "_frozen_importlib", "pkgutil", "runpy", "pickle", "unittest.mock", "turingbox_guest")


# The modules of the agent's own code.
AGENT = ("agent", "__main__")


# The library's namespaces, by identity → whose they are.
_spaces = {}
# A module that holds others → their names.
_holders = {}
# What keeps modules from the agent's code, once it is told which.
_guarded = None


def prepare():
    """Notes whose namespace is whose and who holds whom, for `hide`."""
    global _guarded
    _guarded = _Guarded(_spaces)
    for name, module in sys.modules.items():
        if name not in AGENT and isinstance(module, ModuleType):
            _spaces[id(vars(module))] = name
        if type(module) is ModuleType:
            held = {getattr(value, "__name__", None) for value in vars(module).values() if isinstance(value, ModuleType)}
            if held:
                _holders[name] = held


class Refusing:
    """Looks for modules before all others do, and finds those that may not be imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not host.allowed(name):
            stand_ins.refuse(name)


def close(names, digests, made):
    """Makes that nothing new can be had of the modules that are about to go, together with the audit hook that
    it returns.

    Of bytecode, what has one of these digests can still be read, the library's own; and what the
    host made of the agent's packages, which `made` is the way to ask for.
    """
    for name in MAKERS:
        if hasattr(_imp, name):
            setattr(_imp, name, _no_maker)
    sys.meta_path.insert(0, Refusing)
    return _hook(frozenset(names), frozenset(digests), *made)


def _no_maker(*_):
    raise ImportError("no module is made anew while the policy says which may be imported")


def _hook(names, digests, call, made):
    # All that it needs is in its defaults: nothing of it can be changed from outside.
    def hook(
        event, about, /, names=names, forbidden=FORBIDDEN, digests=digests, digest=sha256, call=call, made=made,
        error=PermissionError,
    ):  # fmt: skip
        if event == "marshal.loads":
            code = digest(about[0]).digest()
            if code in digests or call(made, [code]):
                return
        # Some are named by a class of the module: `pathlib.Path.glob`.
        if event in forbidden or "." in event and (
            event.rpartition(".")[0] in names or event.partition(".")[0] in names
        ):
            raise error(f"{event} is closed while the policy says which modules may be imported")

    # Where Python shows an exception that it can't raise, it would look for the source in a file.
    hook.__code__ = hook.__code__.replace(co_filename="<guard>")
    return hook


def hide(names, gone, archive):
    """Keeps hidden modules from the agent's own code, as far as Python has means for that. Those that are `gone`
    are no part of the library any more."""
    for module in gone:
        _spaces.pop(id(vars(module)), None)
    _guarded.names = names
    archive.loading = _guarded.add
    _guarded.take(builtins, "__import__", _guarded.statement)
    _guarded.take(importlib, "__import__", _guarded.statement)
    _guarded.take(importlib, "import_module", _guarded.call)
    for name, held in _holders.items():
        if name in sys.modules and not names.isdisjoint(held):
            sys.modules[name].__class__ = _guarded.kind


def _hidden(value, names):
    return isinstance(value, ModuleType) and getattr(value, "__name__", None) in names


class _Guarded:
    """Tells the agent's code from the library's by whose globals it runs with."""

    def __init__(self, spaces):
        self.names = frozenset()
        self._spaces = spaces
        self._originals = {}
        self.kind = self._module_kind()

    def add(self, module):
        """Counts a module of the library that is loaded only now."""
        self._spaces[id(vars(module))] = module.__name__

    def take(self, owner, name, replacement):
        self._originals[replacement] = getattr(owner, name)
        setattr(owner, name, replacement)

    def statement(self, name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and self._is_agent():
            for module in (name, *(f"{name}.{part}" for part in fromlist or () if isinstance(part, str))):
                self._ask(module)
        return self._originals[self.statement](name, globals, locals, fromlist, level)

    def call(self, name, package=None):
        if not name.startswith(".") and self._is_agent():
            self._ask(name)
        return self._originals[self.call](name, package)

    def _ask(self, name):
        if name in self.names and not host.allowed(name):
            stand_ins.refuse(name)

    def _is_agent(self):
        frame = sys._getframe(2)
        while frame is not None:
            name = self._spaces.get(id(frame.f_globals))
            if name is None or not name.startswith(HELPERS):
                return name is None
            frame = frame.f_back
        return True

    def _module_kind(self):
        guarded = self

        class Module(ModuleType):
            def __getattribute__(self, name):
                value = ModuleType.__getattribute__(self, name)
                if name == "__dict__" or _hidden(value, guarded.names):
                    return guarded._seen(name, value)
                return value

        return Module

    def _seen(self, name, value):
        frame = sys._getframe(2)
        if self._spaces.get(id(frame.f_globals)) is not None:
            return value
        if name == "__dict__":
            return {key: part for key, part in value.items() if not _hidden(part, self.names)}
        stand_ins.refuse(value.__name__)
