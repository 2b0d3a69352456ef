def main(text: str | bytes, number: float = 1, list: list[str] = ()):
    return text.strip().missing(number, list)
