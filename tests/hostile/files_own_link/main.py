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


# They lead to what is in the folder, and would lead out of it where they were moved.
MOVING = [("sub/deep/link", "../../note.txt"), ("sub/deep/other", "..")]

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
    os.makedirs("/data/sub/deep")
    for link, target in MOVING:
        tried(os.symlink, target, "/data/" + link)
    # One that the operator made.
    tried(os.rename, "/data/up/link", "/data/up.link")
    tried(os.link, "/data/up/link", "/data/hard.link")
    got += tried(read, "/data/up.link") + tried(read, "/data/hard.link")
    # One that leads down goes wherever it is put.
    os.symlink("deep", "/data/sub/down")
    os.rename("/data/sub/down", "/data/down")
    return got
