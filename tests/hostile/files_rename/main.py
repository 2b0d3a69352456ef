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
    got = tried(os.rename, "/in/note.txt", "/out/note.txt") + tried(os.replace, "/in/note.txt", "/out/note.txt")
    got += tried(os.rename, "/out/own.txt", "/in/own.txt") + tried(os.replace, "/out/own.txt", "/in/note.txt")
    got += tried(os.rename, "/in", "/out/in") + tried(os.rename, "/out", "/in/out")
    got += tried(os.rename, "/out/own.txt", "/out/../own.txt") + tried(os.rename, "/out/own.txt", "/own.txt")
    return got
