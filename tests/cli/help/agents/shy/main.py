def main():
    return {"said": "no"}, {"status": {"value": 3, "reason": "not today"}}
