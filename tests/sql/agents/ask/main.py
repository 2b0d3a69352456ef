from componentize_py_types import Err
from wit_world.imports import sql


def cell(value):
    if value is None:
        return sql.Cell_Null()
    if isinstance(value, bool):
        return sql.Cell_Boolean(value)
    if isinstance(value, int):
        return sql.Cell_Integer(value)
    if isinstance(value, float):
        return sql.Cell_Real(value)
    if isinstance(value, dict):
        return sql.Cell_Data(bytes.fromhex(value["data"]))
    return sql.Cell_Text(value)


def plain(cell):
    if isinstance(cell, sql.Cell_Null):
        return None
    if isinstance(cell, sql.Cell_Data):
        return {"data": cell.value.hex()}
    return cell.value


def answer(database, statement, parameters=()):
    try:
        result = sql.query(database, statement, [cell(value) for value in parameters])
    except Err as error:
        return [type(error.value).__name__.removeprefix("Error_").lower(), error.value.value]
    rows = [[plain(cell) for cell in row] for row in result.rows]
    return {"columns": result.columns, "rows": rows, "changed": result.changed}


def main(statements):
    return {"answers": [answer(*statement) for statement in statements]}
