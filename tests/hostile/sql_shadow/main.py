from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "with orders as (select token from secret) select * from orders",
    "with totals as (select token from secret) select * from totals",
    "with totals(customer, total) as (select token, 1 from secret) select * from totals",
    "select * from (with secret as (select 1) select * from secret) a, secret",
    "with secret as (select 1) delete from secret",
    "with recursive orders as (select token from secret union all select token from orders) select * from orders limit 1",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
