import json
import os


def main(index, reason, message):
    path = f"/out/{index + 1:03}.rejected.json"
    with open(f"{path}.partial", "w", encoding="utf-8", newline="") as file:
        json.dump({"reason": reason, "message": message}, file, ensure_ascii=False, indent=2)
        file.write("\n")
    os.replace(f"{path}.partial", path)
    # Of a batch before this one: a message is either routed or rejected.
    for kind in "sql", "json":
        if os.path.exists(routed := f"/out/{index + 1:03}.{kind}"):
            os.remove(routed)
    return {}
