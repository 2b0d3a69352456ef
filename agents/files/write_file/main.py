import json
import os


def main(path: str, content, append=False, folders=False, dry_run=False):
    try:
        return written(path, to_bytes(content), append, folders, dry_run)
    except OSError as error:
        raise ValueError(f"{path} can't be written: {error.strerror}") from None


def written(path, data, append, folders, dry_run):
    if folders:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    if append:
        with open(path, "ab") as file:
            file.write(data)
    elif dry_run:
        # The plan names the file that is meant, and is the same each time.
        with open(path, "wb") as file:
            file.write(data)
    else:
        replace(path, data)
    return {"path": path, "size": len(data)}


def to_bytes(content):
    if isinstance(content, bytes):
        return content
    if not isinstance(content, str):
        content = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    return content.encode()


def replace(path, data):
    """Whoever looks sees the old file or the new one, never a part."""
    partial = f"{path}.{os.urandom(4).hex()}.partial"
    try:
        with open(partial, "xb") as file:
            file.write(data)
        os.replace(partial, path)
    except BaseException:
        if os.path.exists(partial):
            os.remove(partial)
        raise
