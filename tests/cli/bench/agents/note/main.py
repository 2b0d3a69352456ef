def main(line):
    with open("/notes/note.txt", "x") as file:
        return file.write(line)
