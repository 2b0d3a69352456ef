import socket


def main(host, port):
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"hello")
        return connection.recv(5).decode()
