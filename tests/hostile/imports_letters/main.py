import ｏｓ


def main():
    return os.listdir("/")
