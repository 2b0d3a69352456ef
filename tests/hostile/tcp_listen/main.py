import socket

# Without 0.0.0.0, which anyone may be bound to: behind a wall the kernel says no first. `tcp_listen_granted` has it.
ADDRESSES = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.0.2.1", "::1", "::ffff:127.0.0.1"]


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def tried(attempt, *arguments):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments))]
    except OSError:
        return []

def listen(address):
    with socket.socket(family(address), socket.SOCK_STREAM) as server:
        server.bind((address, 0))
        return server.listen()


def main():
    got = []
    for address in ADDRESSES:
        got += tried(listen, address)
    return got
