import builtins
import sys

import turingbox_guest.imports
import turingbox_guest.machinery
import turingbox_guest.stand_ins
import wit_world.imports.imports


def tried(attempt, *arguments, **named):
    """What an attempt got, or what refused it."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError) as refused:
        return [type(refused).__name__]


def main():
    always = lambda *_: True
    wit_world.imports.imports.allowed = always
    turingbox_guest.stand_ins.refuse = always
    turingbox_guest.stand_ins.host.allowed = always
    turingbox_guest.machinery.FORBIDDEN = frozenset()
    builtins.PermissionError = builtins.ImportError = ValueError
    sys.meta_path.clear()
    space = vars(turingbox_guest.imports)
    got = tried(lambda: space["_archive"].get_code("os"))
    for held in list(turingbox_guest.index._held.values()):
        for _, container, key, holder in held:
            if type(container) is dict and holder in ("os", "posix", "socket", "_socket", "subprocess"):
                got += [f"{holder} {key}" for found in [container.get(key)] if found is not None]
    for name in ["os", "posix", "_socket"]:
        try:
            got.append(repr(__import__(name).getcwd))
        except (builtins.ValueError, ModuleNotFoundError, AttributeError) as refused:
            got.append(type(refused).__name__)
    return got
