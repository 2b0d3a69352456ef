"""The Python guest: runs one agent written in Python inside the sandbox.

Everything here runs twice. Once while the component is made: Python starts, these modules are
imported, and the memory is kept as the component's image. And again from that image, afresh in
every instance: there `load` and `run` are all that happens, so they are kept short, and
whatever can be done beforehand is done in `snapshot`.
"""

from . import snapshot  # First: it imports the standard library before anything is changed in it.

import wit_world
from componentize_py_types import Err

from . import agent, failures, streams


class WitWorld(wit_world.WitWorld):
    """The exports of the world `interpreter`."""

    def compile(self, source):
        return _guarded(agent.compiled, source)

    def load(self, source, compiled, options):
        return _guarded(agent.load, source, compiled, options)

    def run(self, inputs):
        outputs = _guarded(agent.run, inputs)
        streams.finish()
        return outputs

    def unburnt(self):
        raise NotImplementedError("the build puts the count of fuel in the place of this")


def _guarded(step, *arguments):
    """An exception that left this module would end the instance, and its message would be lost."""
    try:
        return step(*arguments)
    except Err:
        streams.finish()
        raise
    except BaseException as error:
        streams.finish()
        raise failures.raised(error) from None


snapshot.prepare(WitWorld())
