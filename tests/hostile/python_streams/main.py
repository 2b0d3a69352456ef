import sys


def main():
    sys.stdout.close()
    sys.stderr = None
    sys.__stdout__ = 5
    return "still here"
