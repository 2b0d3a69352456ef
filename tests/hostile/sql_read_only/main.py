from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "insert into orders (id) values (9)",
    "update orders set total = 0",
    "delete from orders",
    "replace into orders (id) values (1)",
    "truncate orders",
    "drop table orders",
    "alter table orders rename to gone",
    "create index i on orders (id)",
    "reindex",
    "begin",
    "commit",
    "savepoint a",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
