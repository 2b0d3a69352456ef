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


NOTE = "/data/note.txt"


def main():
    got = []
    for mode in ["w", "a", "r+", "x", "w+"]:
        got += tried(open, NOTE, mode) + tried(open, "/data/new.txt", mode)
    for flags in [os.O_WRONLY, os.O_RDWR, os.O_TRUNC, os.O_CREAT, os.O_APPEND | os.O_WRONLY, os.O_CREAT | os.O_EXCL]:
        got += tried(os.open, "/data/new.txt", flags) + (tried(os.open, NOTE, flags) if flags != os.O_CREAT else [])
    got += tried(os.truncate, NOTE, 0) + tried(os.utime, NOTE) + tried(os.utime, NOTE, (0, 0))
    got += tried(os.mkdir, "/data/folder") + tried(os.rmdir, "/data/sub") + tried(os.unlink, NOTE)
    got += tried(os.symlink, "note.txt", "/data/link") + tried(os.link, NOTE, "/data/hard")
    got += tried(os.rename, NOTE, "/data/moved.txt") + tried(os.utime, "/data", (0, 0))
    descriptor = os.open(NOTE, os.O_RDONLY)
    got += tried(os.write, descriptor, b"x") + tried(os.ftruncate, descriptor, 0) + tried(os.utime, descriptor, (0, 0))
    got += tried(os.pwrite, descriptor, b"x", 0)
    return got
