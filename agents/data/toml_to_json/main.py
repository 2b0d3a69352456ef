import tomllib
from datetime import date, datetime, time
from math import isfinite


def main(toml: str):
    try:
        return {"json": plain(read(toml.removeprefix("\ufeff")), "")}
    except RecursionError:
        raise ValueError("the TOML is nested too deep") from None


def read(text):
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise ValueError(f"the text is not TOML: {error}") from None


def plain(value, where):
    if isinstance(value, dict):
        return {key: plain(item, f"{where}.{key}" if where else key) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, f"{where}[{n}]") for n, item in enumerate(value)]
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{where} is {value}, which JSON does not have")
    return value
