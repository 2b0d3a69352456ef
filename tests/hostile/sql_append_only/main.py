from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select note from audit_log",
    "insert into audit_log (note) values ('x') returning id, note",
    "insert into audit_log (id, note) values (1, 'x') on conflict (id) do update set note = audit_log.note || 'y'",
    "replace into audit_log (id, note) values (1, 'gone')",
    "insert or replace into audit_log (id, note) values (1, 'gone')",
    "update audit_log set note = 'gone'",
    "delete from audit_log",
    "insert into audit_log (note) select note from audit_log",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
