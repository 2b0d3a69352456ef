"""What stands where something was that the policy denies."""

from wit_world.imports import imports as host

# Asks for none of these come from a use: Python itself looks there.
QUIET = {"__class__", "__module__", "__doc__", "__name__", "__set_name__", "__mro_entries__"}


def refuse(name, holder=None):
    """Tells the host, and raises."""
    host.allowed(name)
    needed = f", which `{holder}` needs" if holder else ""
    raise ImportError(f"the policy doesn't let the agent import `{name}`{needed}", name=name)


def _refusing(self, *_, **__):
    refuse(*object.__getattribute__(self, "_about"))


class StandIn:
    """Raises `ImportError` at every use."""

    __slots__ = ("_about",)

    def __init__(self, name, holder):
        object.__setattr__(self, "_about", (name, holder))

    def __getattribute__(self, attribute):
        if attribute in QUIET:
            return object.__getattribute__(self, attribute)
        refuse(*object.__getattribute__(self, "_about"))

    def __repr__(self):
        return f"<{object.__getattribute__(self, '_about')[0]}: the policy doesn't let the agent import it>"

    def __mro_entries__(self, bases):
        refuse(*object.__getattribute__(self, "_about"))

    __setattr__ = __delattr__ = __call__ = __getitem__ = __setitem__ = __delitem__ = _refusing
    __iter__ = __next__ = __len__ = __contains__ = __enter__ = __exit__ = __dir__ = _refusing
    __instancecheck__ = __subclasscheck__ = __or__ = __ror__ = __await__ = __aiter__ = _refusing
