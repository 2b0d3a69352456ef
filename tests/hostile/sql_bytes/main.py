from componentize_py_types import Err
from wit_world.imports import sql


def kind(statement, parameters=(), database="shop"):
    """What came of a statement."""
    try:
        return [f"{len(sql.query(database, statement, list(parameters)).rows)} rows"]
    except Err as error:
        return [type(error.value).__name__.removeprefix("Error_").lower()]


def main():
    text = [sql.Cell_Text("x" * 10_000)]
    # There and back.
    got = kind("select ?", text)
    got += kind("select length(?)", text)
    return got + kind("select 1")
