def main(line):
    with open("/data/lines", "a") as file:
        file.write(f"{line}\n")
    return line
