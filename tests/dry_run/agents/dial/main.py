import socket


def main(host, port):
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"hello")
        connection.shutdown(socket.SHUT_WR)
        return [connection.recv(5).decode(), connection.getpeername()[1] == int(port)]
