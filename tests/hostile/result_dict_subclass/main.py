class Endless(dict):
    def __iter__(self):
        while True:
            yield "got"

    def items(self):
        while True:
            yield ("got", 1)

    def keys(self):
        return {"got"}


def main():
    return Endless(got=1)
