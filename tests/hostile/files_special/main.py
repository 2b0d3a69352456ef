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
    for name in ["pipe", "link"]:
        for flags in [os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_NONBLOCK, os.O_RDONLY | os.O_NOFOLLOW]:
            got += tried(os.open, f"/data/{name}", flags)
        got += tried(open, f"/data/{name}", "a")
    return got
