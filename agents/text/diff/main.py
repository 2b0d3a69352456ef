import re
from difflib import unified_diff

LINE = re.compile(r"[^\n]*\n|[^\n]+")


def main(before: str, after: str, before_name: str = "before", after_name: str = "after", context=3):
    for name, value in ("before_name", before_name), ("after_name", after_name):
        if re.search(r"[\t\r\n]", value):
            raise ValueError(f"{name} must be one line without tabs, not {value!r}")
    if type(context) is not int or not 0 <= context <= 1000:
        raise ValueError(f"context must be a whole number from 0 to 1000, not {context!r}")
    lines = list(unified_diff(LINE.findall(before), LINE.findall(after), before_name, after_name, n=context))
    changes = [line[0] for line in lines[2:]]
    return {
        "diff": "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines),
        "changed": before != after,
        "added": changes.count("+"),
        "removed": changes.count("-"),
    }
