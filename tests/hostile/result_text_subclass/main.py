class Text(str):
    def encode(self, *_):
        return b""

    def isascii(self):
        return True


def main():
    return {"got": Text("a\ud800b")}
