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


PATHS = ["/data/../secret.txt", "/data/../../etc/passwd", "/data/./../secret.txt", "/data//..//secret.txt",
         "/data/note.txt/../../secret.txt", "/data/none/../../secret.txt", "/data/.. /secret.txt",
         "/data2/secret.txt", "/dat/secret.txt", "/datasecret.txt", "/secret.txt", "secret.txt", "../secret.txt"]


def main():
    got = []
    for path in PATHS:
        got += tried(read, path) + tried(os.stat, path)
    for path in ["/data/..", "/data/../", "/data/../..", "/"]:
        got += tried(os.listdir, path)
    os.chdir("/data")
    for path in ["../secret.txt", "../../etc/passwd", ".././secret.txt"]:
        got += tried(read, path)
    assert read("/data/note.txt") == b"a note\n"
    return got
