from json import dumps


def main(items, by: str = "", descending=False, ignore_case=False, unique=False):
    if not isinstance(items, list):
        raise ValueError(f"items must be a list, not {type(items).__name__}")
    if unique:
        first = {}
        for item in items:
            first.setdefault(dumps(item, sort_keys=True), item)
        items = list(first.values())
    # Each order keeps that of the one before, so the last key goes first.
    for key in reversed([key.strip() for key in by.split(",")]):
        name = key.removeprefix("-")
        if by and not name:
            raise ValueError(f"by has no key between two commas: {by!r}")
        items = ordered(items, name, descending != key.startswith("-"), ignore_case)
    return {"items": items}


def ordered(items, name, descending, ignore_case):
    ranks = (rank(value(item, name, n), name, n, ignore_case) for n, item in enumerate(items))
    ranked = list(zip(ranks, items))
    known = sorted((pair for pair in ranked if pair[0]), key=lambda pair: pair[0], reverse=descending)
    return [item for _, item in known] + [item for known, item in ranked if not known]


def value(item, name, position):
    """What an item is ordered by."""
    if not name:
        return item
    if not isinstance(item, dict):
        raise ValueError(f"item {position} is no object, so it has no {name}")
    if name in item:
        return item[name]
    for key in name.split("."):
        item = item.get(key) if isinstance(item, dict) else None
    return item


def rank(value, name, position, ignore_case):
    """What can be compared with that of any other; nothing for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return 0, value
    if isinstance(value, (int, float)):
        return 1, value
    if isinstance(value, str):
        return 2, value.casefold() if ignore_case else value
    what = f"{name} of item {position}" if name else f"item {position}"
    kind = "an object" if isinstance(value, dict) else "a list"
    raise ValueError(f"{what} is {kind}, which has no order; say by which key")
