"""Packages that come with the agent: found, loaded and read through the host, from memory.

They come after Python's own library and the guest's modules, and no file system is asked.
"""

import importlib.metadata
import linecache
import marshal
import sys
from importlib.machinery import ModuleSpec, NamespaceLoader

import componentize_py_runtime
from componentize_py_types import Err
from wit_world.imports import packages as host

# What `__file__` and tracebacks begin with.
ROOT = "packages.zip"
_PREFIX = ROOT + "/"


def install():
    """Lets the agent import them.

    Behind the library's archive, and before Python's finders: the guard has these fail. The host
    finds no module that is Python's or the guest's, so none is hidden by a package.
    """
    sys.meta_path.insert(1, Packages)


def asks_host():
    """How to ask the host whether it made some bytecode: a function of C's, and its first argument.

    Both can be kept where nothing of the agent's reaches; a function of Python's is only as good
    as the globals that it looks things up in.
    """
    asked, call = [], componentize_py_runtime.call_import
    componentize_py_runtime.call_import = lambda index, arguments: asked.append(index)
    try:
        host.made(b"")
    finally:
        componentize_py_runtime.call_import = call
    return call, asked[0]


def read(path):
    """The bytes of a file; `path` as `__file__` has it."""
    if not path.startswith(_PREFIX):
        raise FileNotFoundError(f"{path!r} is no file of the agent's packages")
    try:
        return host.read(path[len(_PREFIX) :])
    except Err as error:
        raise FileNotFoundError(error.value.value) from None


def lines(path):
    """The lines of a source, for tracebacks."""
    try:
        return read(path).decode("utf-8-sig", "replace").splitlines(keepends=True)
    except OSError:
        return []


class Packages:
    """The finder and the loader of all of them."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        found = host.find(name)
        if found is None:
            return None
        path = _PREFIX + found.path
        if found.kind is host.Kind.NAMESPACE:
            spec = ModuleSpec(name, _Namespace(path), is_package=True)
            _search(spec, path)
            return spec
        spec = ModuleSpec(name, Packages, origin=path, is_package=found.kind is host.Kind.PARENT)
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            _search(spec, path.rpartition("/")[0])
        return spec

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        exec(Packages.get_code(module.__spec__.name), module.__dict__)

    @staticmethod
    def get_code(name):
        try:
            return marshal.loads(host.compiled(name))
        except Err as error:
            problem = error.value
        if isinstance(problem, host.Error_Source):
            raise SyntaxError(problem.value)
        raise ImportError(problem.value, name=name)

    @staticmethod
    def is_package(name):
        found = host.find(name)
        return found is not None and found.kind is not host.Kind.MODULE

    @staticmethod
    def get_filename(name):
        found = host.find(name)
        if found is None:
            raise ImportError(f"no package of the agent's has {name!r}", name=name)
        return _PREFIX + found.path

    @staticmethod
    def get_source(name):
        return read(Packages.get_filename(name)).decode("utf-8-sig")

    @staticmethod
    def get_data(path):
        return read(path)

    @staticmethod
    def get_resource_reader(name):
        from . import resources

        return resources.Reader(Packages.get_filename(name).rpartition("/")[0])

    @staticmethod
    def invalidate_caches():
        pass

    @staticmethod
    def find_distributions(context=None):
        wanted = None if context is None or context.name is None else _normalized(context.name)
        for name in host.entries(""):
            folder = name.removesuffix("/")
            package = folder.removesuffix(".dist-info").partition("-")[0]
            if folder.endswith(".dist-info") and wanted in (None, _normalized(package)):
                yield Distribution(f"{_PREFIX}{folder}")


class _Namespace(NamespaceLoader):
    """Loads a folder without code of its own: Python's loader, but for resources, which that wants in files."""

    def __init__(self, path):
        self._path = [path]

    def exec_module(self, module):
        # As in every package of this kind.
        module.__file__ = None

    def get_resource_reader(self, name):
        from . import resources

        return resources.Reader(self._path[0])


class Distribution(importlib.metadata.Distribution):
    """What a package says of itself."""

    def __init__(self, folder):
        self._folder = folder

    def read_text(self, filename):
        try:
            return read(f"{self._folder}/{filename}").decode()
        except OSError:
            return None

    def locate_file(self, path):
        from . import resources

        return resources.Resource(ROOT).joinpath(str(path))


class _Folder:
    """Stands for a folder of the archive where Python keeps what searches one: `pkgutil` asks it."""

    def __init__(self, path):
        self._path = path

    def find_spec(self, name, target=None):
        return None

    def invalidate_caches(self):
        pass

    def iter_modules(self, prefix=""):
        folder = self._path.removeprefix(_PREFIX)
        for name in host.entries(folder):
            stem, _, end = name.partition(".")
            if name.endswith("/"):
                if "__init__.py" in host.entries(f"{folder}/{name[:-1]}"):
                    yield prefix + name[:-1], True
            elif end == "py" and stem != "__init__":
                yield prefix + stem, False


def _search(spec, path):
    spec.submodule_search_locations = [path]
    # Else Python's finder of files would look there, and be denied.
    sys.path_importer_cache[path] = _Folder(path)


def _normalized(name):
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


def keep_lines(update):
    """`linecache`'s way to a file, but for sources of packages."""

    def updatecache(filename, module_globals=None):
        if not filename.startswith(_PREFIX):
            return update(filename, module_globals)
        found = lines(filename)
        # Without a time of change, an entry is never compared with a file.
        linecache.cache[filename] = (sum(map(len, found)), None, found, filename)
        return found

    return updatecache
