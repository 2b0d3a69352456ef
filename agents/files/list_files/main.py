import os
from fnmatch import fnmatchcase


def main(path, pattern="*", recursive=False):
    return {"files": sorted(find(path, pattern, recursive))}


def find(folder, pattern, recursive):
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                if fnmatchcase(entry.name, pattern):
                    yield entry.path
            elif recursive and not entry.is_symlink():
                yield from find(entry.path, pattern, recursive)
