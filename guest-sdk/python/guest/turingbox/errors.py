"""Why the host didn't do what an agent asked for."""


class Denied(PermissionError):
    """The policy doesn't grant it."""


class LimitReached(RuntimeError):
    """It is too large, too slow, or too many."""
