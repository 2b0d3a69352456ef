import socket


def main(host, port):
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"hello")
        connection.shutdown(socket.SHUT_WR)
        local = connection.getsockname()[1] > 0
        return [connection.recv(5).decode(), connection.getpeername()[1] == int(port), local, str(connection)[:7]]
