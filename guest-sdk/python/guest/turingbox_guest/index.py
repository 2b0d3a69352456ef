"""Who holds what of which module: made once, so that taking a module out takes no search."""

import gc
import opcode
import sys
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType

# A module's name → where something of it is held: a kind, a container, a key, the holder's name.
_held = {}
# The names that `make` was given of modules of which something is held.
_holding = set()
# A module's name → the modules that it imports, at once or later.
_needs = {}
# A name that `make` was given → what it takes to have that module, as bits: each the place of a name.
_closures = {}
# The same of the guest's own modules.
_own = 0
# A module's other names → the one that everything here is kept under.
_aliases = {}

# The values of the digits of bits.
BITS = bytes(byte == ord("1") for byte in range(256))

IMPORT_NAME, EXTENDED_ARG = opcode.opmap["IMPORT_NAME"], opcode.opmap["EXTENDED_ARG"]


def make(names, own):
    """Looks around. Asked about later are the modules of these `names`; always needed are the `own` ones."""
    modules = {}
    for name, module in sys.modules.items():
        if isinstance(module, ModuleType):
            _aliases[name] = modules.setdefault(id(module), name)
    spaces = {id(vars(module)): modules[id(module)] for module in sys.modules.values() if id(module) in modules}
    finder = _Finder(modules, spaces)
    for module in {id(module): module for module in sys.modules.values() if id(module) in modules}.values():
        finder.namespace(vars(module), modules[id(module)])
    finder.the_rest()
    _holding.update(name for name in names if alias(name) in _held)
    _close(names, own)


def _close(names, own):
    global _own
    bits = {}
    for place, name in enumerate(names):
        bits[alias(name)] = bits.get(alias(name), 0) | 1 << place
    for name in names:
        _closures[name] = _closure([name], bits)
    _own = _closure(own, bits)


def _closure(names, bits):
    waiting = {alias(name) for name in names}
    found = set()
    closure = 0
    while waiting:
        name = waiting.pop()
        found.add(name)
        closure |= bits.get(name, 0)
        waiting |= {alias(other) for other in _needs.get(name, ())} - found
    return closure


def alias(name):
    return _aliases.get(name, name)


def held(names):
    """Where something of these modules is held: the module's name, then a kind, a container and a key for
    `replace`, and the holder's name."""
    for name in _holding.intersection(names):
        kept = alias(name)
        if kept == name or kept not in sys.modules:
            for place in _held[kept]:
                yield name, *place


def needed(names):
    """What it takes to have these modules and the guest's own: a byte, 0 or 1, for each name that `make` was given."""
    closure = _own
    for name in names:
        closure |= _closures[name]
    return f"{closure:0{len(_closures)}b}"[::-1].encode().translate(BITS)


def note(importer, name):
    """Remembers an import that was made."""
    _needs.setdefault(importer, set()).add(name)


def replace(kind, container, key, value):
    """Puts another thing where `held` found something."""
    if kind == "dict" or kind == "list":
        container[key] = value
    elif kind == "class":
        try:
            setattr(container, key, value)
        except (AttributeError, TypeError):
            pass  # A class of C's, which holds nothing but its own.
    elif kind == "defaults":
        container.__defaults__ = tuple(value if at == key else old for at, old in enumerate(container.__defaults__))
    elif kind == "kwdefaults":
        container.__kwdefaults__ = {**container.__kwdefaults__, key: value}
    else:
        container.cell_contents = value


class _Finder:
    """Goes over all that is in memory."""

    def __init__(self, modules, spaces):
        self._modules = modules
        self._spaces = spaces
        self._seen = set()

    def namespace(self, space, holder):
        self._seen.add(id(space))
        for key, value in list(space.items()):
            self._note("dict", space, key, value, holder)

    def the_rest(self):
        # Classes' namespaces are changed through their classes alone, so that caches notice.
        everything = gc.get_objects()
        for thing in everything:
            if isinstance(thing, type):
                self._seen.update(id(part) for part in gc.get_referents(thing) if type(part) is dict)
        for thing in everything:
            self._look_into(thing)

    def _look_into(self, thing):
        kind = type(thing)
        if kind is FunctionType:
            self._function(thing)
        elif kind is CellType:
            self._cell(thing)
        elif isinstance(thing, type):
            holder = getattr(thing, "__module__", None)
            for key, value in list(vars(thing).items()):
                self._note("class", thing, key, value, holder)
        elif kind is dict and id(thing) not in self._seen and thing is not sys.modules:
            for key, value in list(thing.items()):
                self._note("dict", thing, key, value, None)
        elif kind is list:
            for key, value in enumerate(thing):
                self._note("list", thing, key, value, None)

    def _function(self, function):
        holder = self._spaces.get(id(function.__globals__))
        for key, value in enumerate(function.__defaults__ or ()):
            self._note("defaults", function, key, value, holder)
        for key, value in (function.__kwdefaults__ or {}).items():
            self._note("kwdefaults", function, key, value, holder)
        if holder is not None:
            for name in imported(function.__code__, function.__globals__.get("__package__")):
                note(holder, name)

    def _cell(self, cell):
        try:
            self._note("cell", cell, None, cell.cell_contents, None)
        except ValueError:
            pass

    def _note(self, kind, container, key, value, holder):
        owner = self._owner(value)
        if owner is not None and owner != holder and not (holder or "").startswith("turingbox_guest.index"):
            _held.setdefault(owner, []).append((kind, container, key, holder))
            if holder is not None:
                note(holder, owner)

    def _owner(self, value):
        """The module that something comes from, if it gives a way there."""
        if isinstance(value, ModuleType):
            return self._modules.get(id(value))
        if isinstance(value, BuiltinFunctionType):
            return self._modules.get(id(value.__self__))
        if isinstance(value, MethodType):
            value = value.__func__
        if isinstance(value, FunctionType):
            return self._spaces.get(id(value.__globals__))
        if isinstance(value, type) and not issubclass(value, BaseException):
            name = value.__module__
            return _aliases.get(name) if isinstance(name, str) else None
        return None


def imported(code, package):
    """The modules that a function imports when it runs."""
    words, extended = code.co_code, 0
    for at in range(0, len(words), 2):
        argument = extended << 8 | words[at + 1]
        extended = argument if words[at] == EXTENDED_ARG else 0
        if words[at] == IMPORT_NAME and argument < len(code.co_names):
            name = code.co_names[argument]
            yield name
            if package:
                yield f"{package}.{name}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from imported(constant, package)
