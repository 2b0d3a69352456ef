import os.path, requests, turingbox
from frobnicate import parser, tz
import jsno


def main():
    pass
