import re


def main(text: str, pattern: str, group="0"):
    try:
        found = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"pattern {pattern!r}: {error}") from None
    group = str(group)
    if group.isdecimal():
        group = int(group)
        known = group <= found.groups
    else:
        known = group in found.groupindex
    if not known:
        names = "".join(f", {name}" for name in found.groupindex)
        raise ValueError(f"pattern {pattern!r} has no group {group!r}; it has 0 to {found.groups}{names}")
    matches = list(found.finditer(text))
    return {
        "match": matches[0][group] if matches else None,
        "matches": [match[group] for match in matches],
        "groups": matches[0].groupdict() if matches else {},
    }
