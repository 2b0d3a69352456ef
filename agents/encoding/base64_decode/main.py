import binascii
import re

FOREIGN = re.compile(r"[^A-Za-z0-9+/]")


def main(text):
    digits = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    if foreign := FOREIGN.search(digits):
        raise ValueError(f"{foreign[0]!r} is no base64 character")
    if len(digits) % 4 == 1:
        raise ValueError("the base64 text is cut short: its last character says nothing alone")
    return {"data": binascii.a2b_base64(digits + "=" * (-len(digits) % 4))}
