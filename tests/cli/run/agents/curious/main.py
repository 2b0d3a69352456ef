import os


def main():
    return sum(os.path.exists(f"/etc/{number}") for number in range(18))
