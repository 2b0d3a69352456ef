quote = f"{'"'}"; import os


def main():
    return os.listdir("/")
