"""Monty: an interpreter of its own for a part of Python, in worker processes that wait for work."""

from importlib.metadata import version

from pydantic_monty import Monty
from serve import serve


def fresh(source, call):
    with pool.checkout() as session:
        return session.feed_run(f"{source}\n{call}")


def keep(source):
    # Left open: what is kept lives as long as this process.
    session = pool.checkout().__enter__()
    session.feed_run(source)
    return session.feed_run


# Without a bound, what is kept would leave no worker to others, who would wait for one.
with Monty(max_processes=200, checkout_timeout=10) as pool:
    serve(version("pydantic-monty"), fresh, keep)
