from componentize_py_types import Err
from wit_world.imports import sql


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    got = []
    for database in ["shop", "", "main", "shop.db", "../shop.db", "sqlite:shop.db", "x" * 1_000_000]:
        got += tried("select token from secret", database=database)
    return got
