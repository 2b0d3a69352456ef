"""Files of packages, for `importlib.resources`."""

import io
from importlib.resources.abc import Traversable, TraversableResources

from wit_world.imports import packages as host

from . import packages


class Reader(TraversableResources):
    """The resources of one package."""

    def __init__(self, folder):
        self._folder = folder

    def files(self):
        return Resource(self._folder)


class Resource(Traversable):
    """A file or a folder of the archive."""

    def __init__(self, path):
        self._path = path

    @property
    def name(self):
        return self._path.rpartition("/")[2]

    @property
    def parent(self):
        return self.joinpath("..")

    def __str__(self):
        return self._path

    def __repr__(self):
        return f"Resource({self._path!r})"

    def _entries(self):
        return host.entries(self._path.removeprefix(packages.ROOT).removeprefix("/"))

    def iterdir(self):
        for name in self._entries():
            yield Resource(f"{self._path}/{name.removesuffix('/')}")

    def is_dir(self):
        return self._path == packages.ROOT or bool(self._entries())

    def is_file(self):
        folder, _, name = self._path.rpartition("/")
        return bool(folder) and name in Resource(folder)._entries()

    def exists(self):
        return self.is_file() or self.is_dir()

    def joinpath(self, *names):
        parts = self._path.split("/")
        for part in "/".join(map(str, names)).split("/"):
            if part == "..":
                parts = parts[:-1] or parts
            elif part not in ("", "."):
                parts.append(part)
        return Resource("/".join(parts))

    def read_bytes(self):
        return packages.read(self._path)

    def read_text(self, encoding=None, errors="strict"):
        return self.read_bytes().decode(encoding or "utf-8", errors)

    def open(self, mode="r", *args, **kwargs):
        if "w" in mode or "a" in mode or "+" in mode or "x" in mode:
            raise PermissionError("a package's files can only be read")
        raw = io.BytesIO(self.read_bytes())
        if "b" in mode:
            return raw
        return io.TextIOWrapper(raw, *args, **{"encoding": "utf-8", **kwargs})
