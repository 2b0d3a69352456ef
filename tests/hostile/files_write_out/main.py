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


PATHS = ["/data/../new.txt", "/new.txt", "new.txt", "/data2/new.txt", "/tmp/new.txt", "/data/../data2/new.txt"]


def main():
    got = []
    for path in PATHS:
        got += tried(open, path, "w") + tried(os.mkdir, path) + tried(os.symlink, "x", path)
        got += tried(os.rename, "/data/note.txt", path) + tried(os.link, "/data/note.txt", path)
    for path in ["/data/../secret.txt", "/secret.txt"]:
        got += tried(os.unlink, path) + tried(os.truncate, path, 0) + tried(os.rename, path, "/data/secret.txt")
    return got
