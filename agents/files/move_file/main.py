import errno
import os
import shutil


def main(path: str, to: str, replace=False):
    try:
        return moved(path, to, replace)
    except OSError as error:
        raise ValueError(f"{path} can't be moved to {to}: {error.strerror}") from None


def moved(path, to, replace):
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; move_file moves one file")
    if os.path.exists(to) and (not replace or os.path.isdir(to)):
        help = "name another" if os.path.isdir(to) else "name another, or set replace"
        raise ValueError(f"{to} is there already; {help}")
    try:
        os.rename(path, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # Two mounts: what can't be renamed is copied, and only then taken away.
        shutil.copyfile(path, to)
        os.remove(path)
    return {"path": to}
