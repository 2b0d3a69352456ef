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
    return tried("127.0.0.1", {{ port }}) + tried("::ffff:127.0.0.1", {{ port }}) + tried("0.0.0.0", {{ port }})
