import builtins
import gc
import os
import sys

# In pieces, so that it does not find itself.
MARK = "left behind by " + "the call before"


def main():
    found = [place.__name__ for place in (builtins, sys, os) if hasattr(place, "mark")]
    found += [name for name in ("mark", "MARK") if name in sys.modules or name in os.environ]
    found += [path for path in sys.path if path == MARK]
    found += ["memory" for held in gc.get_objects() if type(held) is bytearray and MARK.encode() in held]
    # Memory that was never written in this call holds nothing but zeros.
    found += ["fresh memory"] if any(bytearray(32 << 20)) else []
    try:
        with open("/tmp/mark") as file:
            found.append(file.read())
    except OSError:
        pass
    return found
