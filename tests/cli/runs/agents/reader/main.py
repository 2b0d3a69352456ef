def main():
    names = ["a.txt", "b.txt", "a.txt"]
    return "".join(open(f"/in/{name}").read() for name in names)
