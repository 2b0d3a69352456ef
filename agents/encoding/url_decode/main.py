import re
from urllib.parse import unquote_to_bytes

BROKEN = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}")


def main(text: str, query=False):
    if not query:
        return {"text": decoded(text)}
    text = text.removeprefix("?").replace("+", " ")
    pairs = {}
    for part in filter(None, text.split("&")):
        key, _, value = part.partition("=")
        pairs.setdefault(decoded(key), []).append(decoded(value))
    return {"text": decoded(text), "pairs": {key: values if values[1:] else values[0] for key, values in pairs.items()}}


def decoded(text):
    if broken := BROKEN.search(text):
        raise ValueError(f"{broken[0]!r} is not % and two hexadecimal digits; a percent sign is %25")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"what it says is not UTF-8 text (byte {error.start}: {error.reason})") from None
