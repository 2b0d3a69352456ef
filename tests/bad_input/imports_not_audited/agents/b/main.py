import json

quotes = f"""{'"""'}"""


def main():
    return json.dumps(quotes)
