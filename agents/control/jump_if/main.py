FALSE_WORDS = {"", "0", "false", "no", "off", "none", "null"}


def main(condition, target):
    if isinstance(condition, str):
        condition = condition.strip().lower() not in FALSE_WORDS
    return {"step_index": target} if condition else {}
