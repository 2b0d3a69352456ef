def main(text):
    raise ValueError(text)
