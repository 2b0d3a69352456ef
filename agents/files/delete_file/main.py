import os


def main(path: str, missing="fail"):
    if missing not in ("fail", "ignore"):
        raise ValueError(f"missing must be fail or ignore, not {missing!r}")
    # A link is deleted itself, wherever it leads.
    if os.path.isdir(path) and not os.path.islink(path):
        raise ValueError(f"{path} is a folder; delete_file deletes one file")
    try:
        os.remove(path)
    except FileNotFoundError:
        if missing == "fail":
            raise ValueError(f"there is no {path}; if that is right, set missing to ignore") from None
        return {"deleted": False}
    except OSError as error:
        raise ValueError(f"{path} can't be deleted: {error.strerror}") from None
    return {"deleted": True}
