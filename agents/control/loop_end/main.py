def main(start, index, limit):
    for name, value in ("index", index), ("limit", limit):
        if type(value) is not int:
            raise ValueError(f"{name} must be a whole number, not {value!r}")
    if index + 1 < limit:
        return {"index": index + 1, "step_index": start}
    return {"index": max(limit, 0)}
