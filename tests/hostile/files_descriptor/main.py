import os


def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except OSError:
        return []


def read(path):
    with open(path, "rb") as file:
        return file.read(20)


def main():
    got = []
    data = os.open("/data", os.O_RDONLY)
    for folder in [data, 3, 4]:
        for path in ["../secret.txt", "/etc/passwd", "etc/passwd", "../../etc/passwd", "secret.txt"]:
            got += tried(os.open, path, os.O_RDONLY, dir_fd=folder) + tried(os.stat, path, dir_fd=folder)
        got += tried(os.open, "..", os.O_RDONLY, dir_fd=folder)
        got += tried(os.write, folder, b"x") + tried(os.ftruncate, folder, 0) + tried(os.utime, folder, (0, 0))
    got += [entry.name for entry in os.scandir("/data") if entry.name != "note.txt"]
    # What stands for the root is nothing to read from.
    got += [part for part in [os.pread(4, 10, 0)] if part]
    return got
