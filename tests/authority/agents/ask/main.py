import json

from wit_world.imports import call
from wit_world.imports.types import Field, Value_Json, Value_Text
from componentize_py_types import Err


def field(name, value):
    return Field(name, Value_Text(value) if isinstance(value, str) else Value_Json(json.dumps(value)))


def main(agent, inputs):
    try:
        outputs = call.run(agent, [field(name, value) for name, value in inputs.items()])
        return {output.name: output.value.value for output in outputs}
    except Err as error:
        refusal = error.value
        message = getattr(refusal.value, "message", refusal.value)
        return {type(refusal).__name__: message}
