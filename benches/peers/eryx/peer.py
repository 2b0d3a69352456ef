"""eryx: CPython as a component, a fresh instance for each `execute` of a sandbox, a kept one in a session."""

from importlib.metadata import version

import eryx
from serve import serve


def fresh(source, call):
    return text(eryx.Sandbox().execute(f"{source}\nprint({call})"))


def keep(source):
    session = eryx.Session()
    session.execute(source)
    return lambda call: text(session.execute(f"print({call})"))


def text(result):
    return bytes(result.stdout).decode().rstrip("\n")


serve(version("pyeryx"), fresh, keep)
