"""A document written and read again: the module json, nested lists and dicts."""

import json

ROUNDS = 200


def document():
    lines = []
    for number in range(60):
        lines.append({
            "id": number,
            "name": "item " + str(number),
            "tags": ["red", "green", "blue"][: number % 4],
            "price": number * 0.25,
            "stock": {"here": number % 7, "there": number % 11, "sold": None},
            "listed": number % 3 == 0,
            "note": 'a "quoted" note,\nof two lines',
        })
    return {"version": 3, "lines": lines}


def main():
    found = document()
    length = 0
    for _ in range(ROUNDS):
        text = json.dumps(found)
        length += len(text)
        found = json.loads(text)
        found["version"] += 1
    here = sum([line["stock"]["here"] for line in found["lines"]])
    return f"{length} {found['version']} {here} {found == json.loads(json.dumps(found))}"
