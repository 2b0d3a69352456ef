import six


def main():
    pass
