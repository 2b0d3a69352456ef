import os

from turingbox import call

calls = 0


def main(then):
    global calls
    calls += 1
    if then == "ask":
        try:
            open(f"/asked/{calls}")
        except OSError:
            pass
    if then == "print":
        print(f"call {calls}")
    if then == "raise":
        raise ValueError("told to")
    if then == "exit":
        os._exit(3)
    if then == "fill":
        bytes(1 << 30)
    while then == "spin":
        pass
    if then == "again":
        return {"calls": [calls, call.run("counter", then="end")]}
    return {"calls": calls}
