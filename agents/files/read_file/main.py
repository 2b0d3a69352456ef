def main(path: str, encoding: str = "utf-8", binary=False):
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from None
    if binary:
        return {"content": content}
    try:
        return {"content": content.decode(encoding)}
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not {encoding} text (byte {error.start}: {error.reason}); name its encoding, or set binary"
        ) from None
    except LookupError:
        raise ValueError(f"there is no encoding named {encoding!r}") from None
