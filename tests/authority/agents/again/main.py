from componentize_py_types import Err
from wit_world.imports import call
from wit_world.imports.types import Field, Value_Text


def main(agent, times, inputs):
    answers = []
    for _ in range(times):
        try:
            outputs = call.run(agent, [Field(name, Value_Text(value)) for name, value in inputs.items()])
            answers.append(outputs[0].value.value)
        except Err as refused:
            answers.append(type(refused.value).__name__)
    return answers
