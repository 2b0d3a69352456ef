import os.path, requests, turingbox
from dateutil import parser, tz
import jsno


def main():
    pass
