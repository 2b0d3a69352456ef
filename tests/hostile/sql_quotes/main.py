from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select '\\' union select token from secret --'",
    "select \"\\\" union select token from secret --\"",
    "select `a\\` from secret --`",
    "select [a] from [secret]",
    "select `token` from `secret`",
    "select 'token' from 'secret'",
    "select \"to\"\"ken\" from \"secret\"",
    "select U&\"\\0073ecret\"",
    "select '''' || (select token from secret)",
    "select token from \"SECRET\"",
    "select token from main.\"Secret\"",
    "select token from \uff53\uff45\uff43\uff52\uff45\uff54",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
