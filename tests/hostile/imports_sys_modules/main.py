import importlib
import shutil
import sys


def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError):
        return []

def main():
    names = ["os", "os.path", "posix", "posixpath", "socket", "_socket", "subprocess", "_posixsubprocess"]
    got = [name for name in names if name in sys.modules]
    functions = {"listdir", "unlink", "getcwd", "fork_exec"}
    for name, module in sys.modules.items():
        got += [f"{name}.{key}" for key, value in vars(module).items() if key in functions and type(value) is type(len)]
    return got + tried(lambda: importlib.reload(shutil.os))
