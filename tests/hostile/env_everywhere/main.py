import os
import posix
import sys

FILES = ["/proc/self/environ", "/proc/1/environ", "/proc/self/cmdline", "/etc/environment", "/.env", ".env"]


def read(path):
    try:
        with open(path, "rb") as file:
            return [file.read(100).decode(errors="replace")]
    except OSError:
        return []


def main():
    got = [f"{name}={value}" for name, value in os.environ.items()]
    got += [str(name) for name in posix.environ] + [str(name) for name in os.environb]
    got += sys.argv[1:] + sys.orig_argv[1:]
    for path in FILES:
        got += read(path)
    return got
