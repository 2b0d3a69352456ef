"""Other agents of the library."""

from componentize_py_types import Err
from turingbox_guest import values
from wit_world.imports import call as _host

from .errors import Denied, LimitReached


class InvalidCall(ValueError):
    """There is no such agent, or the inputs are not its."""


class AgentFailed(RuntimeError):
    """The agent failed. `trace` says where in its code, if it has any."""

    trace = ""


def run(agent, /, **inputs):
    """Runs an agent and gives its outputs: a dict of them, or the bare value where it has one.

    Inputs and outputs are as those of this agent: `str`, `bytes`, or what JSON can hold.
    """
    outputs = run_all(agent, **inputs)
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs


def run_all(agent, /, **inputs):
    """Like `run`, and gives a dict whatever the number of outputs."""
    agent = values.text(agent, "the agent's name")
    try:
        fields = [values.encoded(value, values.text(name, "an input's name")) for name, value in inputs.items()]
    except Err as error:
        raise TypeError(f"the input {error.value.message}") from None
    try:
        return {field.name: values.decoded(field) for field in _host.run(agent, fields)}
    except Err as error:
        raise _raised(error.value) from None


def _raised(error):
    if type(error) is _host.Error_Failed:
        failed = AgentFailed(error.value.message)
        failed.trace = error.value.trace
        return failed
    kinds = {_host.Error_Denied: Denied, _host.Error_Invalid: InvalidCall, _host.Error_Limit: LimitReached}
    return kinds[type(error)](error.value)
