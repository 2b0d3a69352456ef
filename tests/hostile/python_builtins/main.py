import builtins


def main():
    for name in list(vars(builtins)):
        if name not in ("delattr", "list", "vars"):
            delattr(builtins, name)
    return {"got": {1, 2}}
