def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError):
        return []

def main():
    names = ["os", "sys", "re", "subprocess", "socket", "_socket", "posix", "importlib", "gc", "json.tool", "no_such"]
    got = [name for name in names if tried(__import__, "".join(name))]
    import json

    return got + [] if json.loads("1") == 1 else ["json doesn't work"]
