import sys


def main():
    for _ in range(200):
        sys.stdout.write("x" * 100_000)
    return "written"
