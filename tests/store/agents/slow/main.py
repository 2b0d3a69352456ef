import uuid


def main(text):
    if text == "bad":
        raise ValueError("bad")
    return f"{text} {uuid.uuid4()}" + "x" * 5000
