import json
import os

from wit_world.imports import call
from wit_world.imports.types import Field, Value_Json


def main(depth=0):
    opened = 0
    try:
        while opened < 200:
            os.open("/data/note.txt", os.O_RDONLY)
            opened += 1
    except OSError:
        pass
    if depth == 3:
        return [opened]
    inner = call.run("opener", [Field("depth", Value_Json(str(depth + 1)))])
    return [opened, *json.loads(inner[0].value.value)]
