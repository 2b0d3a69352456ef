import os
from fnmatch import fnmatchcase


def main(path: str, pattern: str = "*", recursive=False):
    try:
        return {"files": sorted(find(path, pattern, recursive))}
    except OSError as error:
        raise ValueError(f"{error.filename or path} can't be listed: {error.strerror}") from None


def find(folder, pattern, recursive):
    with os.scandir(folder) as entries:
        for entry in entries:
            if recursive and entry.is_dir(follow_symlinks=False):
                yield from find(entry.path, pattern, recursive)
            elif fnmatchcase(entry.name, pattern) and not is_folder(entry):
                yield entry.path


def is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:
        # A link that can't be followed is an entry like any other.
        return False
