from componentize_py_types import Err
from wit_world.imports import call
from wit_world.imports.types import Field, Value_Text

# What is meant each time is `echo` or `write_file`; what it looks like is `loop_…` or `files/list_…`.
NAMES = ["loop_/../echo", "x/loop_start/../../echo", "\0loop_start", "LOOP_start", "echo\0loop_",
         "echo loop_", "echo,loop_start", "files/list_/../write_file", "files\\list_files", "*", "**"]


def main():
    got = []
    for name in NAMES:
        for inputs in [[], [Field("input", Value_Text("x"))]]:
            try:
                got.append(repr(call.run(name, inputs)))
            except Err as refused:
                # That there is no such agent is said of a name that the pattern does fit.
                if type(refused.value).__name__ not in ("Error_Denied", "Error_Invalid"):
                    got.append(repr(refused.value))
    return got
