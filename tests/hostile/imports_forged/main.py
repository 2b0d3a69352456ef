import marshal
import types


def tried(attempt, *arguments, **named):
    """What an attempt got, or what refused it."""
    try:
        return repr(attempt(*arguments, **named))
    except (ImportError, LookupError, AttributeError, PermissionError) as refused:
        return type(refused).__name__


def main():
    code = compile("1", "main.py", "eval")
    return [
        tried(code.replace, co_consts=()),
        tried(marshal.loads, marshal.dumps(code)),
        tried(lambda: types.CodeType(0, 0, 0, 0, 0, 0, b"", (), (), (), "", "", "", 0, b"", b"")),
    ]
