import re
import unicodedata

APOSTROPHES = "'’"


def main(text: str, to):
    if to not in STYLES:
        raise ValueError(f"to must be one of {', '.join(STYLES)}, not {to!r}")
    return {"text": STYLES[to](text)}


def title(text):
    return word_pattern(text).sub(lambda found: capitalized(found[0]), text)


def words(text):
    """The words of a name however it is written: with signs between them, as fooBar, as HTTPServer."""
    text = unicodedata.normalize("NFC", text)
    for found in word_pattern(text).finditer(text):
        part = found[0].translate(dict.fromkeys(map(ord, APOSTROPHES)))
        start = 0
        for at in range(1, len(part)):
            if begins(part[at - 1], part[at], part[at + 1 : at + 2]):
                yield part[start:at]
                start = at
        yield part[start:]


def begins(before, here, after):
    """Whether a word begins here: at the B of fooBar and fooB, the S of HTTPServer and SHA256Sum."""
    return here.isupper() and (before.islower() or after.islower())


def word_pattern(text):
    """What matches a word in this text: letters, digits and marks, and the apostrophe of don't."""
    letters = "".join(map(re.escape, filter(is_letter, sorted(set(text)))))
    # Without a letter, nothing matches.
    return re.compile(f"[{letters}]+(?:[{APOSTROPHES}][{letters}]+)*" if letters else r"(?!)")


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
