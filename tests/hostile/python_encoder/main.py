import sys


def main():
    sys.modules["turingbox_guest.values"]._encode = lambda value: "]["
    return [1]
