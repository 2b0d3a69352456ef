import re


def main(text: str, pattern: str, replacement: str = "", count=0):
    if type(count) is not int or count < 0:
        raise ValueError(f"count must be a whole number from 0 on, not {count!r}")
    try:
        wanted = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"pattern {pattern!r}: {error}") from None
    try:
        # Also where nothing matches, a replacement that can't be is a mistake: this matches.
        re.sub(f"{pattern}|", replacement, "")
    except (re.error, IndexError) as error:
        raise ValueError(f"replacement {replacement!r}: {error}") from None
    text, count = wanted.subn(replacement, text, count)
    return {"text": text, "count": count}
