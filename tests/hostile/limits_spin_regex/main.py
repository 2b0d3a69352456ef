import re


def main():
    return re.match("(a*)*b", "a" * 64)
