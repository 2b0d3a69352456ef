import os
from fnmatch import fnmatchcase


def main(path, pattern="*", recursive=False):
    try:
        return {"files": sorted(find(path, pattern, recursive))}
    except OSError as error:
        raise ValueError(f"{error.filename or path} can't be listed: {error.strerror}") from None


def find(folder, pattern, recursive):
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                if fnmatchcase(entry.name, pattern):
                    yield entry.path
            elif recursive and not entry.is_symlink():
                yield from find(entry.path, pattern, recursive)
