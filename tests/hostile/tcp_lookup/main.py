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

def main():
    got = []
    for name in ["example.com", "localhost", "stolen-data.example.com", "xn--nxasmq6b", "a" * 60 + ".example"]:
        got += tried(socket.getaddrinfo, name, 80) + tried(socket.gethostbyname, name)
        got += tried(socket.create_connection, (name, 80))
    return got
