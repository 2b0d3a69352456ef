def main(items, step_index, start=None, index=None, end=None):
    if not isinstance(items, list):
        raise ValueError(f"items must be a list, not {type(items).__name__}")
    if start is None:
        return open_loop(items, step_index, end)
    if type(index) is not int:
        raise ValueError("a for_each that closes a loop needs both `start` and `index`")
    following = index + 1
    if following < len(items):
        return {"item": items[following], "index": following, "limit": len(items), "step_index": start}
    return {"index": len(items), "limit": len(items)}


def open_loop(items, here, end):
    opened = {"start": here, "index": 0, "limit": len(items)}
    if items:
        return opened | {"item": items[0]}
    if end is None:
        raise ValueError("items is empty; give `end`, the id of the loop's last step, to skip the body")
    return opened | {"item": None, "step_index": end}
