import importlib


def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError):
        return []

def main():
    name = "".join(["o", "s"])
    space = {}
    return [
        *tried(__import__, name),
        *tried(importlib.import_module, name),
        *tried(importlib.import_module, name + ".path"),
        *tried(exec, "import " + name, space),
        *tried(eval, f"__import__({name!r})"),
        *tried(importlib.__import__, name),
        *tried(importlib.util.find_spec, name),
        *tried(importlib._bootstrap._gcd_import, name),
        *tried(importlib._bootstrap._find_and_load, name, __import__),
        *[key for key in space if key == name],
    ]
