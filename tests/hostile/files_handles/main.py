import os


def main():
    for _ in range(100_000):
        os.open("/data/note.txt", os.O_RDONLY)
