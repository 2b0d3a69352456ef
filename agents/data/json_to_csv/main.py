import csv
import io
import json


def main(rows, delimiter=",", columns=None):
    if len(delimiter) != 1:
        raise ValueError(f"delimiter must be one character, not {delimiter!r}")
    if not isinstance(rows, list):
        raise ValueError(f"rows must be a list, not {type(rows).__name__}")
    kinds = {type(row) for row in rows}
    if kinds == {dict}:
        columns = columns or list(dict.fromkeys(key for row in rows for key in row))
        rows = [columns] + [[row.get(key) for key in columns] for row in rows]
    elif kinds - {list}:
        raise ValueError("rows must be all objects or all lists")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows([field(value) for value in row] for row in rows)
    return {"csv": text.getvalue()}


def field(value):
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
