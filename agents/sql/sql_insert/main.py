from json import dumps

from turingbox import sql

# One statement has at most so many values, and so many characters: the host takes 10,000 and 128 KiB.
MOST_VALUES = 900
MOST_TEXT = 60_000


def main(database: str, table: str, rows):
    if not isinstance(rows, list):
        raise ValueError(f"rows must be a list, not {type(rows).__name__}")
    columns = checked(rows)
    if not rows:
        return {"count": 0}
    target = ".".join(quoted(part) for part in table.split("."))
    names = ", ".join(map(quoted, columns))
    row = f"({', '.join('?' * len(columns))})"
    size = max(1, min(MOST_VALUES // len(columns), MOST_TEXT // len(row)))
    count = 0
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        statement = f"insert into {target} ({names}) values {', '.join([row] * len(some))}"
        try:
            sql.query(database, statement, [plain(item[column]) for item in some for column in columns])
        except (PermissionError, RuntimeError, ValueError) as error:
            before = f" ({count} rows were added before)" if count else ""
            raise ValueError(f"{error}{before}") from None
        count += len(some)
    return {"count": count}


def checked(rows):
    """The columns, which every row has."""
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not row:
            raise ValueError(f"row {number} must be an object with a key for each column, not {dumps(row)[:60]}")
        if row.keys() != rows[0].keys():
            odd = min(row.keys() ^ rows[0].keys())
            where = f"row {number} has, and row 1 has not" if odd in row else f"row 1 has, and row {number} has not"
            raise ValueError(f"rows need the same keys: {where}, {odd!r}; give null where there is no value")
    return list(rows[0]) if rows else []


def quoted(name):
    if not name or "\0" in name:
        raise ValueError(f"{name!r} is no name of a table or a column")
    return '"' + name.replace('"', '""') + '"'


def plain(value):
    return dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
