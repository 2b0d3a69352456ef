from componentize_py_types import Err
from wit_world.imports.types import Failure, FailureKind


def main():
    raise Err(Failure(FailureKind.MEMORY, "the host has no memory", "host/engine.rs:1"))
