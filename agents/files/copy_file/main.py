import os
import shutil


def main(path: str, to: str, replace=False):
    try:
        return copied(path, to, replace)
    except OSError as error:
        raise ValueError(f"{path} can't be copied to {to}: {error.strerror}") from None


def copied(path, to, replace):
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; copy_file copies one file")
    if os.path.exists(to) and (not replace or os.path.isdir(to)):
        help = "name another" if os.path.isdir(to) else "name another, or set replace"
        raise ValueError(f"{to} is there already; {help}")
    with open(path, "rb") as source:
        return {"path": to, "size": written(source, to)}


def written(source, to):
    """Whoever looks sees no file, or the old one, or the new one: never a part."""
    partial = f"{to}.partial"
    try:
        target = open(partial, "xb")
    except FileExistsError:
        raise ValueError(f"{partial} is there, which an unfinished copy may have left; take it away") from None
    try:
        with target:
            shutil.copyfileobj(source, target)
            size = target.tell()
        os.replace(partial, to)
    except BaseException:
        os.remove(partial)
        raise
    return size
