import unicodedata
from itertools import groupby

APOSTROPHES = ("'", "’")


def main(text, to):
    if to not in STYLES:
        raise ValueError(f"to must be one of {', '.join(STYLES)}, not {to!r}")
    return {"text": STYLES[to](text)}


def title(text):
    return "".join(capitalized(part) for _, part in parts(text))


def words(text):
    """The words of a name however it is written: with signs between them, as fooBar, as HTTPServer."""
    for is_word, part in parts(unicodedata.normalize("NFC", text)):
        if not is_word:
            continue
        part = "".join(character for character in part if character not in APOSTROPHES)
        start = 0
        for at in range(1, len(part)):
            if begins(part[at - 1], part[at], part[at + 1 : at + 2]):
                yield part[start:at]
                start = at
        yield part[start:]


def begins(before, here, after):
    """Whether a word begins here: at the B of fooBar and fooB, the S of HTTPServer and SHA256Sum."""
    return here.isupper() and (before.islower() or after.islower())


def parts(text):
    """Words and what is between them, in their order."""
    places = groupby(range(len(text)), lambda at: belongs(text, at))
    for is_word, group in places:
        yield is_word, "".join(text[at] for at in group)


def belongs(text, at):
    """Whether a character is of a word: a letter, a digit, a mark, or the apostrophe of don't."""
    if text[at] in APOSTROPHES:
        return 0 < at < len(text) - 1 and is_letter(text[at - 1]) and is_letter(text[at + 1])
    return is_letter(text[at])


def is_letter(character):
    return character.isalnum() or unicodedata.category(character).startswith("M")


def capitalized(word):
    return word[:1].title() + word[1:].lower()


def camel(text):
    return "".join(capitalized(word) if n else word.lower() for n, word in enumerate(words(text)))


def pascal(text):
    return "".join(map(capitalized, words(text)))


STYLES = {
    "upper": str.upper,
    "lower": str.lower,
    "title": title,
    "snake": lambda text: "_".join(words(text)).lower(),
    "kebab": lambda text: "-".join(words(text)).lower(),
    "camel": camel,
    "pascal": pascal,
}
