from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "pragma table_info(secret)",
    "PRAGMA writable_schema = on",
    "pragma trusted_schema = 1",
    "select * from pragma_table_info('secret')",
    "select * from pragma_table_list",
    "select * from \"pragma_database_list\"",
    "explain select 1",
    "analyze",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
