from calendar import monthrange
from datetime import datetime, timedelta


def main(start, end):
    first, second = read("start", start), read("end", end)
    if (first.tzinfo is None) != (second.tzinfo is None):
        without = "start" if first.tzinfo is None else "end"
        raise ValueError(f"{without} has no offset and the other has one; write it with Z or as in +01:00")
    between = second - first
    sign = -1 if between < timedelta(0) else 1
    return {
        "seconds": number(between),
        "days": sign * (abs(between) // timedelta(days=1)),
        "calendar": {name: sign * count for name, count in calendar(*sorted([first, second])).items()},
    }


def read(name, text):
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be as in 2026-11-22 or 2026-11-22T08:30:00Z, not {text!r}: {error}") from None


def number(between):
    """Whole where it is."""
    return between.total_seconds() if between.microseconds else between // timedelta(seconds=1)


def calendar(first, second):
    """Both as the first one's clock has them."""
    try:
        second = second.astimezone(first.tzinfo) if first.tzinfo else second
    except OverflowError:
        raise ValueError("one date, at the offset of the other, is beyond the years 1 to 9999") from None
    months = (second.year - first.year) * 12 + second.month - first.month
    if months_on(first, months) > second:
        months -= 1
    years, months_left = divmod(months, 12)
    return {"years": years, "months": months_left, "days": (second - months_on(first, months)) // timedelta(days=1)}


def months_on(at, months):
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))
