import os
import sys


def main():
    return [dict(os.environ), sys.argv[1:]]
