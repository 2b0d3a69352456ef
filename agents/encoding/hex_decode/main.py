import re

SKIPPED = re.compile(r"[\s:]+|0x(?=[0-9a-fA-F]{2})|0X(?=[0-9a-fA-F]{2})")
FOREIGN = re.compile(r"[^0-9a-fA-F]")


def main(text: str):
    digits = SKIPPED.sub("", text)
    if foreign := FOREIGN.search(digits):
        raise ValueError(f"{foreign[0]!r} is no hexadecimal digit")
    if len(digits) % 2:
        raise ValueError(f"the text has {len(digits)} digits; each byte takes two")
    return {"data": bytes.fromhex(digits)}
