from componentize_py_types import Err
from wit_world.imports import call
from wit_world.imports.types import Field, Value_Json, Value_Text

TEXT = Value_Text("x")
INPUTS = [
    [],
    [Field("other", TEXT)],
    [Field("input", TEXT), Field("other", TEXT)],
    [Field("input", Value_Json("{"))],
    [Field("input", Value_Json("[" * 100_000 + "]" * 100_000))],
    [Field(f"input{number}", TEXT) for number in range(5_000)],
]


def main():
    got = []
    for inputs in INPUTS:
        try:
            got.append(repr(call.run("echo", inputs))[:100])
        except Err as refused:
            got.append(type(refused.value).__name__)
    return got
