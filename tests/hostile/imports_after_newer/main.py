quote = f"{'"'}"


def main():
    import os

    return os.listdir("/")
