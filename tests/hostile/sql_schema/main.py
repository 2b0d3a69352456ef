from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select sql from sqlite_schema",
    "select * from sqlite_master",
    "select * from main.sqlite_master",
    "select * from sqlite_temp_master",
    "select * from temp.sqlite_schema",
    "select * from dbstat",
    "select * from sqlite_sequence",
    "select * from pragma_function_list",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
