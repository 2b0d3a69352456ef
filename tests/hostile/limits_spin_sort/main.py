class Slow:
    def __lt__(self, other):
        while True:
            pass


def main():
    return sorted([Slow(), Slow()])
