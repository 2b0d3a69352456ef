from componentize_py_types import Err
from wit_world.imports import sql


def kind(statement, parameters=(), database="shop"):
    """What came of a statement."""
    try:
        return [f"{len(sql.query(database, statement, list(parameters)).rows)} rows"]
    except Err as error:
        return [type(error.value).__name__.removeprefix("Error_").lower()]


def main():
    many = "with recursive n(i) as (select 1 union all select i + 1 from n) "
    got = kind(many + "select i from n")
    got += kind(many + "select i, printf from n, (select 1 as printf)")
    got += kind(many + "insert into items (name) select i from n limit 5000 returning id")
    got += kind(many + "select i, hex(hex(hex(hex(hex(hex('" + "x" * 1_000 + "')))))) from n limit 900")
    return got
