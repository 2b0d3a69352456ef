import os


def main(count):
    os.mkdir("/out/" + "\x1b[31m\n" + "x" * 200)
    for number in range(count):
        os.mkdir(f"/out/{number}")
    for number in range(count):
        try:
            os.mkdir(f"/no/{number}")
        except PermissionError:
            pass
    return "flooded"
