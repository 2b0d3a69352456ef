from componentize_py_types import Err
from wit_world.imports import sql


def kind(statement, parameters=(), database="shop"):
    """What came of a statement."""
    try:
        return [f"{len(sql.query(database, statement, list(parameters)).rows)} rows"]
    except Err as error:
        return [type(error.value).__name__.removeprefix("Error_").lower()]


def main():
    many = 100_000
    got = kind("select " + "(" * many + "1" + ")" * many)
    got += kind("select " + "not " * (many // 4) + "1")
    got += kind("select " + "- " * (many // 4) + "1")
    got += kind("select " + "1 + " * (many // 4) + "1")
    got += kind("select 1 " + "union select 1 " * (many // 16))
    got += kind("select * from " + "(" * 60_000)
    got += kind("select " + "case when " * 10_000)
    got += kind("with x as (" * 10_000)
    got += kind("/*" * 60_000)
    return got
