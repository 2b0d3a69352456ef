import re

SIDES = {"both": str.strip, "start": str.lstrip, "end": str.rstrip}
LINE_END = re.compile(r"(\r\n|\r|\n)")


def main(text: str, characters: str = "", side="both", lines=False):
    if side not in SIDES:
        raise ValueError(f"side must be one of {', '.join(SIDES)}, not {side!r}")
    parts = LINE_END.split(text) if lines else [text]
    # Every other part is a line end.
    parts[::2] = [SIDES[side](part, characters or None) for part in parts[::2]]
    return {"text": "".join(parts)}
