def main(times):
    with open("/data/calls", "ab+") as file:
        file.write(b".")
        file.flush()
        calls = file.tell()
    if calls <= times:
        return {}, {"status": {"value": 1, "reason": f"busy {calls}", "code": 503}}
    return {"calls": calls}
