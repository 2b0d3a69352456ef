def main(to, **inputs):
    with open(inputs["from"]) as source:
        text = source.read()
    with open(to, "w") as target:
        return target.write(text)
