import os


def main():
    with open("/out/new.txt", "w") as file:
        file.write("one\n")
    with open("/out/old.txt", "a") as file:
        file.write("more\n")
    os.mkdir("/out/folder")
    os.rename("/out/moved.txt", "/out/folder/moved.txt")
    os.remove("/out/gone.txt")
    os.symlink("old.txt", "/out/link")
    os.utime("/out/old.txt", (0, 0))
    got = [open("/out/new.txt").read(), open("/out/link").read(), sorted(os.listdir("/out"))]
    for forbidden in ["/out/away", "/elsewhere", "/in/new.txt"]:
        try:
            got.append(open(forbidden, "a").close())
        except PermissionError as error:
            got.append(error.errno)
    return got
