import socket

ADDRESSES = ["127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "192.0.2.1", "::1", "::ffff:127.0.0.1"]


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def tried(attempt, *arguments):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments))]
    except OSError:
        return []

def send(address, bound):
    with socket.socket(family(address), socket.SOCK_DGRAM) as sender:
        if bound:
            sender.bind((address, 0))
        return sender.sendto(b"stolen", (address, 53))


def main():
    got = []
    for address in ADDRESSES:
        for bound in [False, True]:
            got += tried(send, address, bound)
    return got
