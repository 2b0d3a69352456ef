import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

# Forms in which day and month can't be taken for one another.
FORMS = ("%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d. %B %Y")
# Fewer digits in a text are more likely a year or a day.
SECONDS = re.compile(r"-?\d{9,12}(?:\.\d+)?", re.ASCII)


def main(text, format=None, offset="Z"):
    home = zone(offset)
    if format:
        found = by_format(str(text), format)
    else:
        found = read(text.strip(), home) if isinstance(text, str) else at_seconds(text, home)
    found = found if found.tzinfo else found.replace(tzinfo=home)
    return {
        "time": found.isoformat().replace("+00:00", "Z"),
        "date": found.date().isoformat(),
        "unix": seconds(found),
        "parts": parts(found),
    }


def read(text, home):
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if SECONDS.fullmatch(text):
        return at_seconds(text, home)
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        pass
    for form in FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            pass
    raise ValueError(f"{text!r} is no date in a form that is known, or none of the calendar; say its form in `format`")


def at_seconds(seconds, home):
    try:
        return datetime.fromtimestamp(0, home) + timedelta(seconds=float(seconds))
    except TypeError:
        raise ValueError(f"text must be a text or a number, not {type(seconds).__name__}") from None
    except OverflowError:
        raise ValueError(f"{seconds} seconds are beyond the years 1 to 9999; are they milliseconds?") from None


def by_format(text, format):
    try:
        return datetime.strptime(text, format)
    except ValueError as error:
        raise ValueError(f"{text!r} is not written as {format!r} says: {error}") from None


def zone(offset):
    found = re.fullmatch(r"([+-])([01]\d|2[0-3]):?([0-5]\d)?", offset, re.ASCII)
    if offset in ("Z", "z"):
        return timezone.utc
    if not found:
        raise ValueError(f"offset must be Z or as in +01:00, not {offset!r}; names of time zones are not known")
    sign, hours, minutes = found.groups("0")
    return timezone((1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes)))


def seconds(found):
    """Whole where they are."""
    since = found - datetime(1970, 1, 1, tzinfo=timezone.utc)
    whole = since // timedelta(seconds=1)
    return whole + since.microseconds / 1_000_000 if since.microseconds else whole


def parts(found):
    return {
        "year": found.year,
        "month": found.month,
        "day": found.day,
        "hour": found.hour,
        "minute": found.minute,
        "second": found.second,
        "weekday": found.isoweekday(),
        "week": found.isocalendar().week,
        "day_of_year": found.timetuple().tm_yday,
    }
