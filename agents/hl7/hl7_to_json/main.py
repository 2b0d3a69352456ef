"""ER7 text to JSON. README.md in the folder above says what the JSON looks like."""

import re

SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
# The escape sequences of chapter 2, with % for the escape character. Only F, S, T and R are decoded:
# they stand for a delimiter, which a text could not hold otherwise.
ESCAPES = r"%(?:([FSTR])|[EHNP]|[XCMZ.][^%]*)%"


def main(message: str):
    lines = [line for line in re.split(r"[\r\n]+", message.strip("\ufeff\x0b\x1c\r\n")) if line]
    if not lines:
        raise ValueError("the message is empty")
    if not lines[0].startswith("MSH"):
        raise ValueError(f"segment 1: a message begins with MSH, not {lines[0][:3]!r}")
    delimiters = Delimiters(lines[0])
    segments = {}
    for at, line in enumerate(lines):
        name, *fields = line.split(delimiters.field)
        if not SEGMENT_NAME.fullmatch(name):
            raise ValueError(f"segment {at + 1}: {name[:20]!r} is no segment name; it must be like PID or NK1")
        if name != "MSH":
            values = map(delimiters.value, fields)
        elif at == 0:
            values = delimiters.field, fields[0], *map(delimiters.value, fields[1:])
        else:
            raise ValueError(f"segment {at + 1}: a second MSH; hl7_split takes messages apart")
        segments.setdefault(name, []).append({"at": at, **numbered(values)})
    return {"json": segments}


class Delimiters:
    """What MSH-1 and MSH-2 say; a delimiter that they leave out is empty."""

    def __init__(self, header):
        self.field = header[3:4]
        encoding = header[4:].split(self.field)[0] if self.field else ""
        if not encoding:
            raise ValueError("segment 1: MSH is too short; it must name the delimiters, as in MSH|^~\\&|")
        if len(encoding) > 5:
            raise ValueError(f"segment 1: MSH-2 is {encoding[:20]!r}; it holds at most 5 characters, as in ^~\\&")
        used = self.field + encoding
        if len(set(used)) < len(used) or re.search(r"\w", used):
            raise ValueError(f"segment 1: the delimiters {used!r} must differ, and none may be a letter or a digit")
        self.component, self.repetition, self.escape, self.subcomponent = (*encoding, "", "", "")[:4]
        self.decoded = {"F": self.field, "S": self.component, "R": self.repetition, "T": self.subcomponent}
        # A sender that lost its backslash writes a space in its place: then nothing is escaped.
        escapes = self.escape.strip()
        self.escapes = re.compile(ESCAPES.replace("%", re.escape(escapes))) if escapes else None

    def value(self, field):
        return split(field, self.repetition, list, self.components)

    def components(self, text):
        value = split(text, self.component, numbered, self.subcomponents)
        alone = isinstance(value, dict) and self.component not in text
        return {"1": value} if alone else value

    def subcomponents(self, text):
        return split(text, self.subcomponent, numbered, self.text)

    def text(self, text):
        if text == '""':
            return None
        return self.escapes.sub(self.decode, text) if self.escapes else text

    def decode(self, escape):
        return self.decoded.get(escape[1]) or escape[0]


def split(text, delimiter, gather, inner):
    """One part stands for itself, several are gathered."""
    if not delimiter or delimiter not in text:
        return inner(text)
    return gather(map(inner, text.split(delimiter)))


def numbered(values):
    return {str(number): value for number, value in enumerate(values, 1)}
