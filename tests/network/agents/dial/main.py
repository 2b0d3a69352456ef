import socket


def main(host, port, before=None):
    if before:
        socket.getaddrinfo(before, int(port))
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"hello")
        return connection.recv(5).decode()
