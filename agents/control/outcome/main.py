def main(status):
    if not isinstance(status, dict) or "value" not in status:
        raise ValueError('status must be an object with `value` and `reason`; wire it to "$status"')
    return {"ok": status["value"] == 0, "reason": status.get("reason", "")}
