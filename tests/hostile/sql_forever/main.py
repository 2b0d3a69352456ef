from componentize_py_types import Err
from wit_world.imports import sql


def kind(statement, parameters=(), database="shop"):
    """What came of a statement."""
    try:
        return [f"{len(sql.query(database, statement, list(parameters)).rows)} rows"]
    except Err as error:
        return [type(error.value).__name__.removeprefix("Error_").lower()]


def main():
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) "
    got = kind(endless + "select sum(i) from n")
    got += kind(endless + "select count(*) from n a, n b")
    got += kind(endless + "insert into items (name) select i from n")
    got += kind("with recursive n(i) as (select 1 union all select i from n) select max(i) from n")
    return got
