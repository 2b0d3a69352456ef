def main(limit, step_index, end=None):
    if type(limit) is not int:
        raise ValueError(f"limit must be a whole number, not {limit!r}")
    opened = {"start": step_index, "index": 0}
    if limit <= 0 and end is not None:
        opened["step_index"] = end
    return opened
