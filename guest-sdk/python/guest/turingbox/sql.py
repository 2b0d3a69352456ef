"""Databases by the name that the policy gives them."""

from componentize_py_types import Err
from turingbox_guest import values
from wit_world.imports import sql as _host

from .errors import Denied, LimitReached


class StatementError(ValueError):
    """The statement is wrong, or its parameters don't fit."""


class DatabaseError(RuntimeError):
    """The database can't be reached, or failed."""


_ERRORS = {
    _host.Error_Denied: Denied,
    _host.Error_Statement: StatementError,
    _host.Error_Database: DatabaseError,
    _host.Error_Limit: LimitReached,
}


class Rows(list):
    """A dict for each row, by column: an agent can return them as they are.

    `columns` has the columns in their order, `changed` how many rows a statement changed.
    """

    def __init__(self, columns, rows, changed):
        super().__init__(dict(zip(columns, row)) for row in rows)
        self.columns = columns
        self.changed = changed


def query(database, statement, parameters=()):
    """Runs one statement on a database, and gives its rows.

    Values go in as parameters: `query("orders", "select id from orders where id = ?", [7])`.
    """
    cells = [_cell(value, position) for position, value in enumerate(parameters, 1)]
    database, statement = values.text(database, "the database's name"), values.text(statement, "the statement")
    try:
        got = _host.query(database, statement, cells)
    except Err as error:
        raise _ERRORS[type(error.value)](error.value.value) from None
    twice = {column for column in got.columns if got.columns.count(column) > 1}
    if twice:
        raise StatementError(f"several columns are called {', '.join(sorted(twice))}: name them apart with `as`")
    rows = ([None if type(cell) is _host.Cell_Null else cell.value for cell in row] for row in got.rows)
    return Rows(got.columns, rows, got.changed)


def _cell(value, position):
    if value is None:
        return _host.Cell_Null()
    if isinstance(value, bool):
        return _host.Cell_Boolean(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise StatementError(f"parameter {position} is a number of more than 64 bits")
        return _host.Cell_Integer(int(value))
    if isinstance(value, float):
        return _host.Cell_Real(float(value))
    if isinstance(value, str):
        return _host.Cell_Text(values.text(value, f"parameter {position}"))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _host.Cell_Data(bytes(value))
    kind = type(value).__name__
    raise StatementError(f"parameter {position} is {kind}: make it text, a number, bytes, True, False or None")
