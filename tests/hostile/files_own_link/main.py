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


TARGETS = ["../secret.txt", "..", "../", "/etc/passwd", "/", "/etc/", "./../secret.txt", "sub/../../secret.txt", "/proc/self/root"]


def main():
    got = []
    os.mkdir("/data/sub")
    for number, target in enumerate(TARGETS):
        link = f"/data/link{number}"
        tried(os.symlink, target, link)
        got += tried(read, link) + tried(os.listdir, link) + tried(read, link + "/secret.txt") + tried(read, link + "/passwd")
        got += tried(os.mkdir, link + "/made") + tried(os.rename, "/data/note.txt", link + "/moved.txt")
        tried(os.link, link, f"/data/hard{number}")
        got += tried(read, f"/data/hard{number}")
        got += tried(os.truncate, link, 0)
    return got
