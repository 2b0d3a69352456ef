import collections

from componentize_py_types import Err
from wit_world.imports import call


def main():
    refusals = collections.Counter()
    for _ in range(50):
        try:
            call.run("calls_flood", [])
        except Err as refused:
            refusals[type(refused.value).__name__] += 1
    return dict(refusals)
