import os

from wit_world.imports import call
from wit_world.imports.types import Field, Value_Text


def main(key):
    for number in range(40):
        try:
            os.stat(f"/forbidden/{key}/{number}")
        except OSError:
            pass
    print("logged", key)
    call.run("echo", [Field("input", Value_Text("called with a marked value"))])
    return "a marked value"
