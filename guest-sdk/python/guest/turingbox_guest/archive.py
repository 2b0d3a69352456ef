"""Modules that are kept in memory, compiled and compressed, until something imports them."""

import marshal
import os
import zlib
from _sha2 import sha256
from importlib.machinery import ModuleSpec

from . import index


class Archive:
    """Finds and loads modules of the standard library without a file system."""

    def __init__(self):
        self._modules = {}
        self._lacking = {}
        self.digests = set()
        # Told of each module before its code runs.
        self.loading = None

    def __len__(self):
        return len(self._modules)

    def names(self):
        return list(self._modules)

    def drop(self, names):
        """Forgets modules for good."""
        for name in names:
            self._modules.pop(name, None)

    def add(self, name, path):
        """Keeps the module whose source is at `path`."""
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        is_package = os.path.basename(path) == "__init__.py"
        bytecode = marshal.dumps(code)
        self._modules[name] = is_package, path, zlib.compress(bytecode, 9)
        self.digests.add(sha256(bytecode).digest())
        for other in index.imported(code, name if is_package else name.rpartition(".")[0]):
            index.note(name, other)

    def lack(self, name, part):
        """Remembers that `name` can't be imported, because this Python was built without `part`."""
        self._lacking[name] = part

    def find_spec(self, name, path=None, target=None):
        if name in self._lacking:
            message = f"No module named {name!r}: the sandbox's Python was built without {self._lacking[name]!r}"
            raise ModuleNotFoundError(message, name=name)
        if name not in self._modules:
            return None
        is_package, origin, _ = self._modules[name]
        spec = ModuleSpec(name, self, origin=origin, is_package=is_package)
        # Else the module has no `__file__`, and some of the library ask for their own.
        spec.has_location = True
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        if self.loading:
            self.loading(module)
        exec(self.get_code(module.__spec__.name), module.__dict__)

    def get_code(self, name):
        return marshal.loads(zlib.decompress(self._modules[name][2]))

    def get_source(self, name):
        return None
