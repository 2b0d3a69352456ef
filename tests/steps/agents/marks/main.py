import time


def main(seconds):
    with open("/data/marks", "a") as file:
        file.write("+")
    time.sleep(seconds)
    with open("/data/marks", "a") as file:
        file.write("-")
    return seconds
