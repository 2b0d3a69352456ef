import os


def main():
    return [sorted(os.listdir("/seen")), open("/seen/old.txt").read()]
