from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select id from customers order by ssn",
    "select id from customers where ssn like '1%'",
    "select count(*) from customers group by substr(ssn, 1, 1)",
    "select 1 from customers having max(ssn) > '5'",
    "select row_number() over (order by ssn) from customers",
    "select case when ssn > '5' then 1 end from customers",
    "select id from customers limit (select length(ssn) from customers)",
    "select id from orders where customer in (select id from customers where ssn > '5')",
    "insert into customers (id) values (10) on conflict (id) do update set name = ssn",
    "update customers set name = card_number",
    "select max(id) filter (where ssn > '5') from customers",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
