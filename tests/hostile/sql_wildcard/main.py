from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select * from customers",
    "select c.* from customers c",
    "select x.ssn from (select * from customers) x",
    "with x as (select * from customers) select * from x",
    "update customers set name = name returning *",
    "insert into customers (id) values (77) returning *",
    "delete from customers where id = 77 returning *",
    "select * from orders, customers",
    "insert into items (name) select * from customers",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
