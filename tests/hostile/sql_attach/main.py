from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "attach database 'other.db' as other",
    "attach ':memory:' as m",
    "vacuum into 'copy.db'",
    "vacuum",
    "detach main",
    "create virtual table v using csv(filename='/etc/passwd')",
    "create temp table t as select * from secret",
    "create view v as select * from secret",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
