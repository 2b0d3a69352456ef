import sys


def main():
    sys.setrecursionlimit(10**9)
    return main()
