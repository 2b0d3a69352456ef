class Rude(Exception):
    def __str__(self):
        raise self

    __repr__ = __str__


def main():
    raise Rude
