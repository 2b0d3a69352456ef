import csv as reader
import io


def main(csv, delimiter=",", header=True):
    if len(delimiter) != 1:
        raise ValueError(f"delimiter must be one character, not {delimiter!r}")
    reader.field_size_limit(len(csv) + 1)
    lines = reader.reader(io.StringIO(csv.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(lines.line_num, row) for row in lines if row]
    except reader.Error as error:
        raise ValueError(f"line {lines.line_num}: {error}") from None
    if not header:
        return {"rows": [row for _, row in rows]}
    return {"rows": list(named(rows))}


def named(rows):
    if not rows:
        return
    _, names = rows[0]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"the header names {', '.join(sorted(twice))} more than once")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise ValueError(f"line {line}: {len(row)} fields, but the header has {len(names)}")
        yield dict(zip(names, row))
