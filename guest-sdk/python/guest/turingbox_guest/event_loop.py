"""`asyncio` in one thread without a network: coroutines, tasks and timers work."""

from asyncio.selector_events import BaseSelectorEventLoop


def install():
    # The loop's socket to itself is what another thread or a signal would wake it with. The
    # sandbox has neither, and asking for the socket would be refused.
    BaseSelectorEventLoop._make_self_pipe = _no_socket
    BaseSelectorEventLoop._close_self_pipe = _nothing_to_close


def _no_socket(loop):
    loop._ssock = loop._csock = None


def _nothing_to_close(loop):
    pass
