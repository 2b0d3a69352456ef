print("this never runs")


def main():
    import os

    return os.listdir("/")
