from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select a.id from customers a natural join (select '123-45' as ssn)",
    "select 1 from (select '123-45' as x) natural join customers",
    "select 1 from orders join customers using (ssn)",
    "select 1 from orders join customers on ssn = '123-45'",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
