from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "sel/**/ect token from secret",
    "/* select */ pragma table_info(secret)",
    "-- select\npragma table_info(secret)",
    "select/**/token/**/from/**/secret",
    "select 1 /* ; */ union --\n select token from secret",
    "select 1 /*! union select token from secret */ from secret",
    "select /*+ hint */ token from \"secret\"",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
