def main(step_max, reason="", status=0):
    if status not in (0, 1):
        raise ValueError(f"status must be 0 (success) or 1 (failure), not {status!r}")
    return {"step_index": step_max - 1}, {"status": {"value": status, "reason": reason}}
