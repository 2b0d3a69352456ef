import json


def main():
    from os import listdir

    return json.dumps(listdir("/"))
