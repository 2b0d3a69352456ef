def main(text, to):
    with open(to, "w") as target:
        return target.write(text)
