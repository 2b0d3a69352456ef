from json import loads


def main(base, patch, nulls="remove", lists="replace"):
    if nulls not in ("remove", "set"):
        raise ValueError(f"nulls must be remove or set, not {nulls!r}")
    if lists not in ("replace", "append"):
        raise ValueError(f"lists must be replace or append, not {lists!r}")
    base, patch = parsed("base", base), parsed("patch", patch)
    try:
        return {"json": merged(base, patch, nulls == "remove", lists == "append")}
    except RecursionError:
        raise ValueError("the patch is nested too deep") from None


def parsed(name, json):
    try:
        return loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None


def merged(base, patch, remove, append):
    if append and isinstance(base, list) and isinstance(patch, list):
        return base + patch
    if not isinstance(patch, dict):
        return patch
    base = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None and remove:
            base.pop(key, None)
        else:
            base[key] = merged(base.get(key), value, remove, append)
    return base
