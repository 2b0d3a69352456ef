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


PATHS = ["/etc/passwd", "etc/passwd", "../../../etc/passwd", "/proc/self/environ", "/proc/self/cwd/etc/passwd",
         "/dev/null", "/dev/fd/0", "/data/note.txt", "/tmp/x", "//etc/passwd", "/./etc/passwd", "\\etc\\passwd", "<string",
         "/<data>/note.txt"]
# What Python itself looks for when it quotes a line: there is no such file, and nothing to deny.
NO_FILES = ["<string>", "/<frozen os>"]


def main():
    got = []
    for path in PATHS + NO_FILES:
        got += tried(read, path) + tried(os.stat, path)
    for path in ["/", ".", "..", "/etc", "/proc/self", ""]:
        got += tried(os.listdir, path)
    return got
