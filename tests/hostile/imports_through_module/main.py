import importlib.util
import pathlib
import shutil
import tempfile
import urllib.request


def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError):
        return []

def take(space):
    exec("from shutil import os as found", space)
    return space["found"].getcwd


def main():
    return [
        *tried(lambda: shutil.os.getcwd),
        *tried(lambda: vars(shutil)["os"].getcwd),
        *tried(lambda: getattr(pathlib, "o" + "s").listdir("/")),
        *tried(lambda: tempfile._os.unlink),
        *tried(lambda: urllib.request.socket.socket()),
        *tried(lambda: urllib.request.os.path.join("a", "b")),
        *tried(lambda: shutil.os()),
        *tried(lambda: isinstance(1, shutil.os)),
        *tried(lambda: [*shutil.os]),
        *tried(take, {}),
        *tried(lambda: pathlib.Path("/").exists()),
    ]
