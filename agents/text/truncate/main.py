import unicodedata

JOINER = "\u200d"
FLAGS = range(0x1F1E6, 0x1F200)
SKIN_TONES = range(0x1F3FB, 0x1F400)


def main(text: str, length, ellipsis: str = "…", words=True):
    if type(length) is not int or length < 0:
        raise ValueError(f"length must be a whole number from 0 on, not {length!r}")
    if len(text) <= length:
        # A list has a length too, but takes no text.
        return {"text": text + "", "truncated": False}
    room = length - len(ellipsis)
    if room < 0:
        raise ValueError(f"length is {length}, but what marks the cut takes {len(ellipsis)}; set ellipsis to less")
    end = word_end(text, room) if words else room
    while end and joined(text, end):
        end -= 1
    return {"text": text[:end].rstrip() + ellipsis, "truncated": True}


def word_end(text, room):
    """The last end of a word up to `room`; in the middle of the first word, `room`."""
    if text[room].isspace():
        return room
    return next((at for at in range(room, 0, -1) if text[at - 1].isspace()), room)


def joined(text, at):
    """Whether a reader sees one character around a place: a letter and its accent, an emoji of several."""
    before, after = text[at - 1], text[at]
    if ord(before) in FLAGS and ord(after) in FLAGS:
        first = at
        while first and ord(text[first - 1]) in FLAGS:
            first -= 1
        return (at - first) % 2 == 1
    return (
        JOINER in (before, after)
        or unicodedata.category(after).startswith("M")
        or ord(after) in SKIN_TONES
        or before + after == "\r\n"
    )
