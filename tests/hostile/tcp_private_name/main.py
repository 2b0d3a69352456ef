import socket


def tried(host, port):
    """What a connection got: a list of one, or of nothing."""
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            return [connection.recv(8).hex()]
    except OSError:
        return []


def main():
    hosts = ["loopback.test", "private.test", "metadata.test", "mapped.test"]
    return sum([tried(host, {{ port }}) for host in hosts], [])
