from componentize_py_types import Err
from wit_world.imports import sql


def kind(statement, parameters=(), database="shop"):
    """What came of a statement."""
    try:
        return [f"{len(sql.query(database, statement, list(parameters)).rows)} rows"]
    except Err as error:
        return [type(error.value).__name__.removeprefix("Error_").lower()]


def main():
    long = "x" * 5_000_000
    got = kind("select '" + long + "'")
    got += kind("select ?, ?", [sql.Cell_Text(long), sql.Cell_Text(long)])
    got += kind("select 1", [sql.Cell_Null()] * 20_000)
    got += kind("select " + ", ".join(["?"] * 12_000), [sql.Cell_Null()] * 9_000)
    got += kind("select ?", [sql.Cell_Data(bytes(2_000_000))])
    got += kind("select ?10000000")
    got += kind("select ?99999999999999999999999999")
    return got
