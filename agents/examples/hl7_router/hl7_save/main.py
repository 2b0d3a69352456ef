import os


def _remove(path):
    if os.path.exists(path):
        os.remove(path)


def main(index, sql, document):
    texts = {f"/out/{index + 1:03}.sql": sql, f"/out/{index + 1:03}.json": document}
    made = []
    try:
        for path, text in texts.items():
            made.append(f"{path}.partial")
            with open(made[-1], "w", encoding="utf-8", newline="") as file:
                file.write(text.rstrip("\n") + "\n")
        for path in texts:
            os.replace(f"{path}.partial", path)
            made.append(path)
        # Of a batch before this one: a message is either routed or rejected.
        _remove(f"/out/{index + 1:03}.rejected.json")
    except BaseException:
        for path in filter(os.path.exists, made):
            os.remove(path)
        raise
    return {}
