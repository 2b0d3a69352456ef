def main(code):
    return {"seen": code}, {"status": {"value": 1, "reason": "as asked", "code": code}}
