from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "with x as (delete from orders returning id) select * from x",
    "with x as (insert into items (name) values ('a') returning id) select * from x",
    "with x as (select 1) delete from orders",
    "with x as (select 1) update orders set total = 0",
    "with orders as (select 1) insert into orders (id) values (9)",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
