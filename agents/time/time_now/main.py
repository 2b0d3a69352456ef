import re
from datetime import datetime, timedelta, timezone


def main(offset: str = "Z"):
    now = datetime.now(zone(offset))
    return {
        "time": now.replace(microsecond=0).isoformat().replace("+00:00", "Z"),
        "date": now.date().isoformat(),
        "unix": now.timestamp(),
    }


def zone(offset):
    found = re.fullmatch(r"([+-])([01]\d|2[0-3]):?([0-5]\d)?", offset, re.ASCII)
    if offset in ("Z", "z"):
        return timezone.utc
    if not found:
        raise ValueError(f"offset must be Z or as in +01:00, not {offset!r}; names of time zones are not known")
    sign, hours, minutes = found.groups("0")
    return timezone((1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes)))
