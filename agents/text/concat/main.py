from json import dumps


def main(first: str, second: str, separator: str = ""):
    return {"text": written(first) + written(separator) + written(second)}


def written(value):
    """A text as it is, and anything else as JSON has it."""
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)
