from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select 1; delete from orders",
    "select 1;;select token from secret",
    "select 1; -- \nattach 'x' as y",
    "; select 1; select 2",
    "select ';' ; select token from secret",
    "insert into items (name) values ('a'); drop table items",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
