import socket


def tried(attempt, *arguments):
    try:
        return [repr(attempt(*arguments))]
    except OSError:
        return []


def main():
    got = []
    with socket.socket() as server:
        got += tried(server.bind, ("127.0.0.1", {{ port }}))
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))
        got += tried(server.listen)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        got += tried(udp.sendto, b"x", ("127.0.0.1", {{ port }}))
    return got
