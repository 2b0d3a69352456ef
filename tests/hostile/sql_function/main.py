from componentize_py_types import Err
from wit_world.imports import sql

STATEMENTS = [
    "select load_extension('evil.so')",
    "select readfile('/etc/passwd')",
    "select writefile('out', 'x')",
    "select fts3_tokenizer('simple')",
    "select edit('x', 'sh')",
    "select id from orders order by load_extension('x')",
    "select * from fsdir('/')",
    "select sqlite_compileoption_get(1)",
    "select pg_read_file('/etc/passwd')",
    "select \"load_extension\"('x')",
    "select main.load_extension('x')",
]


def tried(statement, parameters=(), database="shop"):
    """The rows that a statement got, or nothing."""
    try:
        return [repr(row) for row in sql.query(database, statement, list(parameters)).rows]
    except Err:
        return []


def main():
    return [row for statement in STATEMENTS for row in tried(statement)]
