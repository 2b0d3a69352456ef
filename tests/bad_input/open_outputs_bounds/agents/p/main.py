def main(what):
    return {
        "many": {f"n{number}": number for number in range(2000)},
        "name": {"a b": 1},
        "step_index": {"step_index": 0},
    }[what]
