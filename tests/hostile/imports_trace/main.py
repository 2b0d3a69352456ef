import sys
import threading


def tried(attempt, *arguments, **named):
    """What an attempt got, or what refused it."""
    try:
        return repr(attempt(*arguments, **named))
    except (ImportError, LookupError, AttributeError, PermissionError) as refused:
        return type(refused).__name__


def main():
    watch, seen = lambda *_: None, []
    return [
        tried(sys.settrace, watch),
        tried(sys.setprofile, watch),
        tried(sys.monitoring.register_callback, 1, sys.monitoring.events.CALL, watch),
        tried(threading.settrace_all_threads, seen.append),
        tried(watch),
        *seen,
    ]
