import os


def main(times):
    for number in range(times):
        try:
            os.stat(f"/secret/{number}")
        except OSError:
            pass
    return times
