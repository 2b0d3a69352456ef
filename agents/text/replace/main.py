def main(text, find, replacement="", count=0):
    if not find:
        raise ValueError("find is empty; name what to replace")
    if type(count) is not int or count < 0:
        raise ValueError(f"count must be a whole number from 0 on, not {count!r}")
    found = text.count(find)
    replaced = min(found, count) if count else found
    return {"text": text.replace(find, replacement, replaced), "count": replaced}
