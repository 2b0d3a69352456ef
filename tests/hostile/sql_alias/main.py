from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select b from (select ssn as b from customers)",
    "with c(a, b, d, e) as (select * from customers) select d from c",
    "with c(a) as (select ssn from customers) select a from c",
    "select \"SSN\" from customers",
    "select `ssn` from customers",
    "select main.customers.ssn from main.customers",
    "select 1 union select ssn from customers",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
