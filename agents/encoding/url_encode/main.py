from urllib.parse import quote, quote_plus


def main(value, safe: str = "", plus=False):
    if not safe.isascii():
        raise ValueError(f"safe must be ASCII characters, not {safe!r}")

    def written(text):
        return (quote_plus if plus else quote)(text, safe)

    if isinstance(value, str):
        return {"text": written(value)}
    if not isinstance(value, dict):
        raise ValueError(f"value must be a text or an object, not {type(value).__name__}")
    pairs = []
    for key, items in value.items():
        pairs += [(key, plain(key, item)) for item in (items if isinstance(items, list) else [items])]
    return {"text": "&".join(f"{written(key)}={written(item)}" for key, item in pairs)}


def plain(key, item):
    if isinstance(item, (dict, list)):
        raise ValueError(f"{key} holds {type(item).__name__}s; a query has texts, numbers, true, false and null")
    if item is None:
        return ""
    return str(item).lower() if isinstance(item, bool) else str(item)
