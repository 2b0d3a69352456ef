import socket


def looked_up(name):
    try:
        return [address[4][0] for address in socket.getaddrinfo(name, 80)]
    except OSError:
        return []


def main():
    return sum([looked_up(f"n{number}.nowhere.test") for number in range(1100)], [])
