import socket


def main():
    with socket.create_connection(("192.0.2.1", 80), timeout=5) as connection:
        return {"got": str(connection.getpeername())}
