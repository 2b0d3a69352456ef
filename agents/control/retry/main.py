import time

LONGEST = 3600


def main(status, start, attempt, attempts=3, wait=0, backoff=2):
    if not isinstance(status, dict) or "value" not in status:
        raise ValueError('status must be an object with `value` and `reason`; wire it to "$status"')
    for name, value in ("attempt", attempt), ("attempts", attempts):
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} must be a whole number from 1 on, not {value!r}")
    checked("wait", wait, 0, LONGEST)
    checked("backoff", backoff, 1, 100)
    if status["value"] == 0:
        return {"attempt": attempt}
    if attempt >= attempts:
        reason = f"gave up after attempt {attempt} of {attempts}: {status.get('reason', '')}"
        return {"attempt": attempt}, {"status": {"value": 1, "reason": reason}}
    time.sleep(pause(wait, backoff, attempt))
    return {"attempt": attempt + 1, "step_index": start}


def checked(name, value, least, most):
    if type(value) not in (int, float) or not least <= value <= most:
        raise ValueError(f"{name} must be a number from {least} to {most}, not {value!r}")


def pause(wait, backoff, attempt):
    try:
        return min(wait * float(backoff) ** (attempt - 1), LONGEST)
    except OverflowError:
        return LONGEST if wait else 0
