import os


def main(how):
    if how == "truncate":
        with open("/out/large", "wb") as file:
            file.truncate(10 << 30)
    elif how == "names":
        for number in range(1_000_000):
            os.mkdir(f"/out/{number}")
    else:
        block = bytes(1 << 20)
        with open("/out/large", "wb") as file:
            for _ in range(10 << 10):
                file.write(block)
    return "written"
