import pickle
import pkgutil
import runpy
import unittest.mock


def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError):
        return []

def main():
    name = "o" + "s"
    return [
        *tried(pkgutil.resolve_name, name + ":getcwd"),
        *tried(runpy.run_module, name),
        *tried(pickle.loads, b"cposix\ngetcwd\n."),
        *tried(pickle._loads, b"cposix\ngetcwd\n."),
        *tried(unittest.mock.patch(name + ".getcwd").__enter__),
    ]
