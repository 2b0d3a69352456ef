import sys


class Node:
    def __repr__(self):
        return repr(self)


def main():
    sys.setrecursionlimit(10**9)
    got = []
    for attempt in [lambda: eval("(" * 100_000 + ")" * 100_000), lambda: repr(Node())]:
        try:
            got.append(len(str(attempt())))
        except (RecursionError, SyntaxError, MemoryError) as refused:
            got.append(type(refused).__name__)
    return got
