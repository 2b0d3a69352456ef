def main():
    with open("/data/lines", "a") as file:
        file.write("0\n")
    with open("/data/lines") as file:
        lines = len(file.readlines())
    if lines < 3:
        raise ValueError(f"only {lines}")
    return lines
