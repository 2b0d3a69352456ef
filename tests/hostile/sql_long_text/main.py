from componentize_py_types import Err
from wit_world.imports import sql


def kind(statement, parameters=(), database="shop"):
    """What came of a statement."""
    try:
        return [f"{len(sql.query(database, statement, list(parameters)).rows)} rows"]
    except Err as error:
        return [type(error.value).__name__.removeprefix("Error_").lower()]


def main():
    got = kind("select zeroblob(1000000000)")
    got += kind("select randomblob(1000000000)")
    got += kind("select printf('%1000000000s', 'x')")
    got += kind("select hex(?)", [sql.Cell_Text("x" * 900_000)])
    got += kind("select replace(?1, 'x', ?1)", [sql.Cell_Text("x" * 100_000)])
    got += kind("with recursive x(s) as (select 'a' union all select s || s from x) select length(s) from x")
    got += kind("select group_concat(?1) from orders a, orders b, orders c", [sql.Cell_Text("x" * 300_000)])
    return got
