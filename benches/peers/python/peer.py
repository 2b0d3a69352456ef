"""CPython itself, with nothing between it and the machine; what is kept is a namespace."""

import platform

from serve import serve


def fresh(source, call):
    return keep(source)(call)


def keep(source):
    names = {"__name__": "source"}
    exec(compile(source, "source", "exec"), names)
    return lambda call: eval(call, names)


serve(platform.python_version(), fresh, keep)
