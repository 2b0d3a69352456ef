import re
from datetime import date as Date
from datetime import datetime, timedelta, timezone

MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
PLACES = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "B": lambda at: MONTHS[at.month - 1],
    "b": lambda at: MONTHS[at.month - 1][:3],
    "d": lambda at: f"{at.day:02}",
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "A": lambda at: DAYS[at.weekday()],
    "a": lambda at: DAYS[at.weekday()][:3],
    "u": lambda at: str(at.isoweekday()),
    "G": lambda at: f"{at.isocalendar().year:04}",
    "V": lambda at: f"{at.isocalendar().week:02}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{at.hour % 12 or 12:02}",
    "p": lambda at: "PM" if at.hour >= 12 else "AM",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "z": lambda at: offset_of(at, ""),
    ":z": lambda at: offset_of(at, ":"),
    "s": lambda at: str((aware(at) - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1)),
    "%": lambda at: "%",
}


def main(date, format: str = "%Y-%m-%d", offset: str | None = None):
    at = read(date)
    if offset is not None:
        at = moved(aware(at), zone(offset))

    def place(found):
        if found[1] not in PLACES:
            raise ValueError(f"format has {found[0]!r}; there is {', '.join(f'%{name}' for name in PLACES)}")
        return PLACES[found[1]](at)

    return {"text": re.sub(r"%(:?.?)", place, format, flags=re.DOTALL)}


def read(text):
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"date must be as in 2026-11-22 or 2026-11-22T08:30:00Z, not {text!r}: {error}") from None


def aware(at):
    if at.tzinfo is None:
        raise ValueError("the date has no offset, so it is not known where it is; write it with Z or as in +01:00")
    return at


def moved(at, zone):
    try:
        return at.astimezone(zone)
    except OverflowError:
        raise ValueError("the date there is beyond the years 1 to 9999") from None


def offset_of(at, between):
    minutes = aware(at).utcoffset() // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{between}{abs(minutes) % 60:02}"


def zone(offset):
    found = re.fullmatch(r"([+-])([01]\d|2[0-3]):?([0-5]\d)?", offset, re.ASCII)
    if offset in ("Z", "z"):
        return timezone.utc
    if not found:
        raise ValueError(f"offset must be Z or as in +01:00, not {offset!r}; names of time zones are not known")
    sign, hours, minutes = found.groups("0")
    return timezone((1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes)))
