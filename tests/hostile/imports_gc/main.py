import gc


def tried(attempt, *arguments, **named):
    """What an attempt got, or what refused it."""
    try:
        return repr(attempt(*arguments, **named))
    except (ImportError, LookupError, AttributeError, PermissionError) as refused:
        return type(refused).__name__


def main():
    return [
        tried(lambda: [found for found in gc.get_objects() if getattr(found, "__name__", "") == "posix"]),
        tried(gc.get_referents, object),
        tried(gc.get_referrers, object),
    ]
