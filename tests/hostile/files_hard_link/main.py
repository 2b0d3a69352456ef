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
    got = tried(os.link, "/in/note.txt", "/out/note.txt")
    got += tried(os.link, "/in/../in/note.txt", "/out/again.txt")
    got += tried(os.symlink, "../in/note.txt", "/out/link.txt") and []
    got += tried(os.truncate, "/out/link.txt", 0) + tried(os.utime, "/out/link.txt")
    return got
