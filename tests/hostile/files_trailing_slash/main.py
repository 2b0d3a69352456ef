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
    for path in ["/data/up/", "/data/up/.", "/data/up//", "/data/file/", "/data/up/./", "/data/up/../up/"]:
        got += tried(read, path) + tried(os.stat, path) + tried(os.listdir, path)
        got += tried(os.mkdir, path + "made") + tried(os.rmdir, path + "folder") + tried(os.unlink, path + "secret.txt")
        got += tried(os.rename, path + "secret.txt", "/data/taken.txt")
        got += tried(os.rename, "/data/note.txt", path + "given.txt") + tried(os.utime, path + "secret.txt")
    return got
