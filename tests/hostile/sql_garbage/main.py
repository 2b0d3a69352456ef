from componentize_py_types import Err
from wit_world.imports import sql


def kind(statement, parameters=(), database="shop"):
    """What came of a statement."""
    try:
        return [f"{len(sql.query(database, statement, list(parameters)).rows)} rows"]
    except Err as error:
        return [type(error.value).__name__.removeprefix("Error_").lower()]


def main():
    got = []
    for text in ["", "\0", "select \0", "select '", "(", ")", "select \ud7ff", "\ufeffselect 1", "select 1e999999999",
                 "select x'0'", "select :name", "select @name", "select $name", "select ?0", "select ?, ?1", "select 1 from", "(((", "select 0x", "\u202eselect 1"]:
        got += kind(text)
    return sorted(set(got))
