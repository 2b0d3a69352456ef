import builtins
import os
import random
import sys

MARK = "left behind by the call before"
held = []


def main():
    builtins.mark = MARK
    sys.mark = os.mark = MARK
    sys.modules["mark"] = sys
    os.environ["MARK"] = MARK
    sys.path.append(MARK)
    random.seed(1)
    for _ in range(1000):
        held.append(bytearray(MARK.encode() * 1000))
    try:
        with open("/tmp/mark", "w") as file:
            file.write(MARK)
    except OSError:
        pass
    return len(held)
