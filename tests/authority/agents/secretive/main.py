import base64
import json
import os
import sys

from wit_world.imports import call, http
from wit_world.imports.types import Field, Value_Json, Value_Text


def main(how, token=None):
    value = token or os.environ.get("TBX_KEY", "")
    if how == "length":
        return f"{len(value)} {len(os.environ)}"
    if how.startswith("guess"):
        return how
    if how == "raise":
        raise ValueError(f"key {value}")
    if how == "raise-long":
        raise ValueError(f"{'x' * 9205}{value}")
    if how == "base64":
        return base64.b64encode(f"me:{value}".encode()).decode()
    if how == "hex":
        return value.encode().hex()
    if how == "bytes":
        return f"<{value}>".encode()
    if how == "json":
        return {value: [value, {"of": value}]}
    if how == "path":
        open(f"/data/{value}")
    if how == "path-long":
        open(f"/data/{value}{'x' * (490 - len(value))}{value}")
    if how == "call":
        call.run("echo", [Field("input", Value_Text(f"given {value}"))])
        answer = call.run("echo", [Field("input", Value_Json(json.dumps({value: [value]})))])
        return answer[0].value.value
    if how == "relative":
        open(value)
    if how == "host":
        http.send(http.Request("GET", f"https://{value}.example.com/", [], b"", None))
    if how == "line":
        # Longer than what the log has in one line.
        print("x" * 8185 + value)
        raise KeyError(value)
    print("logged", value)
    print("logged", value, file=sys.stderr)
    return f"given {value}"
