"""JSON to ER7 text. README.md in the folder above says what the JSON looks like."""

import re

SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
NUMBER = re.compile(r"[1-9][0-9]{0,3}")


def main(json):
    segments = sorted(in_order(json), key=lambda segment: segment[0])
    if not segments or segments[0][1] != "MSH":
        raise ValueError("a message begins with MSH; give it the lowest `at`")
    delimiters = Delimiters(segments[0][2])
    return {"message": "".join(delimiters.segment(*named) for _, *named in segments)}


def in_order(json):
    """Every segment: (at, its name, its fields by number)."""
    if not isinstance(json, dict):
        raise ValueError(f"json must be an object of segments by name, not {type(json).__name__}")
    for name, segments in json.items():
        if not SEGMENT_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no segment name; it must be like PID or NK1")
        if not isinstance(segments, list):
            raise ValueError(f"{name} must be a list of segments, not {type(segments).__name__}")
        for position, segment in enumerate(segments):
            if not isinstance(segment, dict) or not isinstance(segment.get("at"), (int, float)):
                raise ValueError(f"{name}[{position}] must be an object with `at`, its place in the message")
            yield segment["at"], name, {key: value for key, value in segment.items() if key != "at"}


class Delimiters:
    """What MSH-1 and MSH-2 say; a delimiter that they leave out is empty."""

    def __init__(self, header):
        self.field, self.encoding = header.get("1", "|"), header.get("2", "^~\\&")
        if not re.fullmatch(r"[^\w\s]", str(self.field)) or not re.fullmatch(r"[^\w\r\n]{1,5}", str(self.encoding)):
            raise ValueError('MSH must name the delimiters: "1" the one between fields, "2" the others, as in ^~\\&')
        self.component, self.repetition, self.escape, self.subcomponent = (*self.encoding, "", "", "")[:4]
        letters = {self.field: "F", self.component: "S", self.repetition: "R", self.subcomponent: "T"}
        self.escapes = {ord(character): f"{self.escape}{letter}{self.escape}" for character, letter in letters.items() if character}

    def segment(self, name, fields):
        fields = in_number_order(fields, name)
        if name == "MSH":
            fields = (self.encoding, *(self.value(*field) for field in fields[2:]))
        else:
            fields = (self.value(*field) for field in fields)
        return self.field.join((name, *fields)) + "\r"

    def value(self, value, where):
        if isinstance(value, list):
            repetitions = ((repetition, f"{where}[{n}]") for n, repetition in enumerate(value))
            return self.join(self.repetition, self.components, repetitions, where)
        return self.components(value, where)

    def components(self, value, where):
        if isinstance(value, dict):
            return self.join(self.component, self.subcomponents, in_number_order(value, where), where)
        return self.text(value, where)

    def subcomponents(self, value, where):
        if isinstance(value, dict):
            return self.join(self.subcomponent, self.text, in_number_order(value, where), where)
        return self.text(value, where)

    def join(self, delimiter, inner, parts, where):
        if not delimiter:
            raise ValueError(f"{where} has parts, but MSH-2 names no delimiter to put between them")
        return delimiter.join(inner(*part) for part in parts)

    def text(self, value, where):
        if value is None:
            return '""'
        if not isinstance(value, str):
            raise ValueError(f"{where} must be a text, null or parts by number, not {value!r}")
        if "\r" in value or "\n" in value:
            raise ValueError(f"{where} holds a line end, which would end the segment; in HL7 it is \\.br\\")
        text = value.translate(self.escapes)
        if text != value and not self.escape.strip():
            raise ValueError(f"{where} is {value!r}, but MSH-2 names no escape character to write the delimiter with")
        return text


def in_number_order(values, where):
    """The values under "1", "2" and so on, each with its address; those left out are empty."""
    for key in values:
        if not NUMBER.fullmatch(key):
            raise ValueError(f"{where} has a key {key!r}; keys are numbers from 1")
    last = max(map(int, values), default=0)
    return [(values.get(str(n), ""), f"{where}.{n}") for n in range(1, last + 1)]
