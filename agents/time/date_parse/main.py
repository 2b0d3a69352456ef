import re
from datetime import datetime, timedelta, timezone

MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
# The time zones that mail names, in hours. Others have names that mean several: IST, BST, CST in China.
ZONES = {"Z": 0, "UT": 0, "UTC": 0, "GMT": 0}
ZONES |= {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}

WEEKDAY = r"(?:(?P<weekday>[a-z]+),? )?"
DAY, MONTH, YEAR = r"(?P<day>\d{1,2})", r"(?P<month>[a-z]+)", r"(?P<year>\d{4})"
# Two digits are a year only where the weekday tells whether they are.
ANY_YEAR = r"(?P<year>\d{4}|(?(weekday)\d\d|(?!)))"
TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?: ?(?P<zone>[+-]\d\d:?[0-5]\d|[a-z]+))?"
# Forms in which day and month can't be taken for one another; the first is that of mail and HTTP, the last C's.
FORMS = (
    rf"{WEEKDAY}{DAY}(?:\.? |-){MONTH}[ -]{ANY_YEAR}(?:,? {TIME}(?: \([^()]*\))?)?",
    rf"{WEEKDAY}{MONTH} {DAY},? {YEAR}(?:,? {TIME})?",
    rf"{YEAR}/(?P<month>\d{{1,2}})/{DAY}(?: {TIME})?",
    rf"{WEEKDAY}{MONTH} {DAY} {TIME} {YEAR}",
)
# Fewer digits in a text are more likely a year or a day.
SECONDS = re.compile(r"-?\d{9,12}(?:\.\d+)?", re.ASCII)


def main(text, format: str | None = None, offset: str = "Z"):
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
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    # Python's own reader takes +01:60 for +02:00.
    if found and not (found.tzinfo and text[-2] > "5" and (text[-6] in "+-" or text[-5] in "+-")):
        return found
    if SECONDS.fullmatch(text):
        return at_seconds(text, home)
    spaced = " ".join(text.split())
    for form in FORMS:
        if found := re.fullmatch(form, spaced, re.ASCII | re.IGNORECASE):
            try:
                return written(**found.groupdict())
            except ValueError as error:
                raise ValueError(f"{text!r} can't be read: {error}; say its form in `format`") from None
    raise ValueError(f"{text!r} is no date in a form that is known, or none of the calendar; say its form in `format`")


def written(year, month, day, hour, minute, second, zone, weekday=None):
    month = int(month) if month.isdecimal() else 1 + place(month, MONTHS)
    clock = (int(part or 0) for part in (hour, minute, second))
    found = datetime(full(year), month, int(day), *clock, tzinfo=zone and zone_of(zone))
    if weekday and place(weekday, DAYS) != found.weekday():
        raise ValueError(f"that day is a {DAYS[found.weekday()]}")
    return found


def place(name, names):
    """Where a name stands among others, of which three letters will do."""
    for at, whole in enumerate(names):
        if name.lower() in (whole.lower(), whole[:3].lower()):
            return at
    raise ValueError(f"{name} is none of {', '.join(names)}")


def full(year):
    """Of two digits, what they mean in mail."""
    return int(year) + (0 if len(year) == 4 else 2000 if year < "50" else 1900)


def zone_of(name):
    if name[0] in "+-":
        return zone(name)
    if name.upper() not in ZONES:
        raise ValueError(f"{name} is no time zone as in +01:00, and none of {', '.join(ZONES)}")
    return timezone(timedelta(hours=ZONES[name.upper()]))


def at_seconds(seconds, home):
    if isinstance(seconds, bool):
        raise ValueError("text must be a text or a number, not bool")
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
    return since.total_seconds() if since.microseconds else since // timedelta(seconds=1)


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
