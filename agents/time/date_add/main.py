from calendar import monthrange
from datetime import datetime, timedelta
from math import isfinite


def main(date, years=0, months=0, weeks=0, days=0, hours=0, minutes=0, seconds=0):
    whole = {"years": years, "months": months, "weeks": weeks, "days": days, "hours": hours, "minutes": minutes}
    for name, value in whole.items():
        if type(value) is not int:
            raise ValueError(f"{name} must be a whole number, not {value!r}")
    if type(seconds) not in (int, float) or not isfinite(seconds):
        raise ValueError(f"seconds must be a number, not {seconds!r}")
    at, alone = read(date)
    try:
        at = months_on(at, years * 12 + months)
        at += timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, ValueError):
        raise ValueError("the result is beyond the years 1 to 9999") from None
    if alone and not (hours or minutes or seconds):
        return {"date": at.date().isoformat()}
    return {"date": at.isoformat().replace("+00:00", "Z")}


def read(text):
    """The time, and whether only a date was given."""
    try:
        return datetime.fromisoformat(text), ":" not in text and "T" not in text.upper()
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"date must be as in 2026-11-22 or 2026-11-22T08:30:00Z, not {text!r}: {error}") from None


def months_on(at, months):
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))
