import os
import socket
import time


def main():
    got = []
    attempts = [
        lambda: open("/etc/passwd").read(),
        lambda: os.listdir("/"),
        lambda: open("/tmp/x", "w"),
        lambda: os.mkdir("/x"),
        lambda: socket.create_connection(("127.0.0.1", 80)),
        lambda: socket.getaddrinfo("example.com", 80),
        lambda: dict(os.environ)["PATH"],
        lambda: os.fork(),
        lambda: os.system("id"),
    ]
    for attempt in attempts:
        try:
            got.append(repr(attempt()))
        except (OSError, KeyError):
            pass
    return got
