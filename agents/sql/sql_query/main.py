from base64 import b64encode

from turingbox import sql


def main(database: str, statement: str, parameters=()):
    if not isinstance(parameters, (list, tuple)):
        raise ValueError(f"parameters must be a list, not {type(parameters).__name__}")
    for position, value in enumerate(parameters, 1):
        if isinstance(value, (dict, list)):
            kind = "an object" if isinstance(value, dict) else "a list"
            raise ValueError(f"parameter {position} is {kind}; write it as JSON text, or give each value by itself")
    try:
        rows = sql.query(database, statement, parameters)
    except (PermissionError, RuntimeError, ValueError) as error:
        raise ValueError(str(error)) from None
    return {
        "rows": [{column: plain(value) for column, value in row.items()} for row in rows],
        "columns": list(rows.columns),
        "changed": rows.changed,
    }


def plain(value):
    """JSON has no bytes: they are base64."""
    return b64encode(value).decode() if isinstance(value, bytes) else value
