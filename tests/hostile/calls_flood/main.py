from componentize_py_types import Err
from wit_world.imports import call


def main():
    refusals = set()
    for _ in range(50):
        try:
            call.run("calls_flood", [])
        except Err as refused:
            refusals.add(type(refused.value).__name__)
    return [] if refusals == {"Error_Limit"} else sorted(refusals)
