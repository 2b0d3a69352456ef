from componentize_py_types import Err
from wit_world.imports import call
from wit_world.imports.types import Field, Value_Text

NAMES = ["echo", "read_file", "write_file", "no_such_agent", "calls_others", "*", "", "../echo", "control/echo",
         "echo\0", "\x1b[31mecho", "e" * 1_000_000]


def main():
    got = []
    for name in NAMES:
        for inputs in [[], [Field("input", Value_Text("x"))]]:
            try:
                got.append(repr(call.run(name, inputs)))
            except Err as refused:
                if type(refused.value).__name__ != "Error_Denied":
                    got.append(repr(refused.value))
    return got
