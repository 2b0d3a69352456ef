def main(path, text=None):
    if text is not None:
        with open(path, "w") as file:
            file.write(text)
    with open(path) as file:
        return file.read()
