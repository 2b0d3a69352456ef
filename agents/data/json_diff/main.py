from json import loads


def main(before, after):
    patch = []
    try:
        compare(parsed("before", before), parsed("after", after), "", patch)
    except RecursionError:
        raise ValueError("the values are nested too deep") from None
    return {"patch": patch, "changed": bool(patch)}


def parsed(name, json):
    try:
        return loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None


def compare(before, after, path, patch):
    if isinstance(before, dict) and isinstance(after, dict):
        objects(before, after, path, patch)
    elif isinstance(before, list) and isinstance(after, list):
        lists(before, after, path, patch)
    elif not same(before, after):
        patch.append({"op": "replace", "path": path, "value": after})


def objects(before, after, path, patch):
    for key, value in before.items():
        if key not in after:
            patch.append({"op": "remove", "path": below(path, key)})
        else:
            compare(value, after[key], below(path, key), patch)
    for key, value in after.items():
        if key not in before:
            patch.append({"op": "add", "path": below(path, key), "value": value})


def lists(before, after, path, patch):
    """What is the same at both ends stays; between, items are compared in their order."""
    least = min(len(before), len(after))
    start = next((n for n in range(least) if not same(before[n], after[n])), least)
    room = least - start
    end = next((n for n in range(room) if not same(before[-1 - n], after[-1 - n])), room)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    for n, (one, other) in enumerate(zip(old, new), start):
        compare(one, other, f"{path}/{n}", patch)
    at = start + min(len(old), len(new))
    # From the end, so that no position moves before it is named.
    for n in reversed(range(len(new), len(old))):
        patch.append({"op": "remove", "path": f"{path}/{start + n}"})
    for n, value in enumerate(new[len(old) :], at):
        patch.append({"op": "add", "path": f"{path}/{n}", "value": value})


def below(path, key):
    return f"{path}/{key.replace('~', '~0').replace('/', '~1')}"


def same(one, other):
    """Whether two values are the same JSON. For Python, true is 1."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other
