import csv as reader
import io
import json
import re
import sqlite3
from math import isfinite

# In CSV all is text. What is written as a number writes itself is one: 007 and 1e5 are not.
NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,15})?", re.ASCII)
# What a query may do. It reads what it is given, so there is nothing to attach, to set or to write.
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


def main(query: str, csv=None, tables=None, parameters=None):
    database = sqlite3.connect(":memory:", isolation_level=None)
    for name, rows in named(csv, tables).items():
        columns, rows = table(name, rows)
        fill(database, name, columns, rows)
    database.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY)
    try:
        cursor = database.execute(query, bound(parameters))
        found = cursor.fetchall()
    except (sqlite3.Error, OverflowError, ValueError) as error:
        raise ValueError(f"the query fails: {said(error)}") from None
    if cursor.description is None:
        raise ValueError("the query is empty; write one SELECT")
    columns = [column[0] for column in cursor.description]
    unique(columns, "the query gives", "name each with AS")
    rows = [{column: plain(value, column) for column, value in zip(columns, row)} for row in found]
    return {"rows": rows, "columns": columns}


def named(csv, tables):
    """All tables by their names."""
    tables = {} if tables is None else tables if isinstance(tables, dict) else {"data": tables}
    if csv is None:
        return tables
    if "data" in tables:
        raise ValueError("both csv and tables have the table data")
    return {"data": csv, **tables}


def table(name, rows):
    """The columns of a table, and its rows as lists."""
    if isinstance(rows, str):
        return from_csv(name, rows)
    if not isinstance(rows, list):
        raise ValueError(f"table {name} must be CSV or a list of rows, not {type(rows).__name__}")
    if not rows:
        form = 'give it as [["a", "b"]], or CSV with a header'
        raise ValueError(f"table {name} is empty, so nobody knows its columns: {form}")
    kinds = {type(row) for row in rows}
    if kinds == {dict}:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        return columns, [[stored(row.get(column)) for column in columns] for row in rows]
    if kinds != {list}:
        raise ValueError(f"table {name} must be a list of objects, or of lists with the columns' names first")
    columns, *rows = rows
    if not all(isinstance(column, str) for column in columns):
        raise ValueError(f"table {name}: the first list must be the columns' names")
    return columns, [sized(name, number, columns, map(stored, row)) for number, row in enumerate(rows, 2)]


def from_csv(name, text):
    reader.field_size_limit(len(text) + 1)
    lines = reader.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        rows = [(lines.line_num, row) for row in lines if row]
    except reader.Error as error:
        raise ValueError(f"table {name}, line {lines.line_num}: {error}") from None
    if not rows:
        raise ValueError(f"table {name} is empty; its first line must name the columns")
    _, columns = rows[0]
    rows = [sized(name, line, columns, row) for line, row in rows[1:]]
    return columns, list(zip(*map(numbers, zip(*rows))))


def sized(name, number, columns, row):
    row = list(row)
    if len(row) != len(columns):
        raise ValueError(f"table {name}, line {number}: {len(row)} values, but there are {len(columns)} columns")
    return row


def numbers(column):
    """A column of CSV: of numbers, if there are no other values; then an empty field is null."""
    if not any(column) or not all(NUMBER.fullmatch(field) for field in column if field):
        return column
    return [None if not field else float(field) if "." in field else int(field) for field in column]


def stored(value):
    """A value as SQLite has it: lists and objects are JSON, which its json functions read."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value


def fill(database, name, columns, rows):
    if not columns:
        raise ValueError(f"table {name} has no columns")
    unique([column.lower() for column in columns], f"table {name} has", "SQL doesn't tell capitals apart")
    try:
        database.execute(f"CREATE TABLE {quoted(name)} ({', '.join(map(quoted, columns))})")
        places = ", ".join("?" * len(columns))
        database.execute("BEGIN")
        database.executemany(f"INSERT INTO {quoted(name)} VALUES ({places})", rows)
        database.execute("COMMIT")
    except (sqlite3.Error, OverflowError, ValueError) as error:
        raise ValueError(f"table {name} can't be made: {said(error)}") from None


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def unique(columns, whose, help):
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise ValueError(f"{whose} more than one column {', '.join(twice)}; {help}")


def bound(parameters):
    if isinstance(parameters, dict):
        return {name: stored(value) for name, value in parameters.items()}
    if isinstance(parameters, list):
        return [stored(value) for value in parameters]
    if parameters is not None:
        raise ValueError(f"parameters must be a list or an object, not {type(parameters).__name__}")
    return ()


def plain(value, column):
    if isinstance(value, bytes):
        raise ValueError(f"column {column} has bytes, which JSON doesn't have; hex() writes them as text")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"column {column} has {value}, which JSON doesn't have")
    return value


def said(error):
    if isinstance(error, sqlite3.DatabaseError) and "not authorized" in str(error):
        return "it may only read the tables; write one SELECT"
    if isinstance(error, OverflowError):
        return "a whole number has more than 64 bits"
    return str(error)
