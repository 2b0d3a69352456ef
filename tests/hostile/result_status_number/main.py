def main():
    return {"got": 1, "status": {"value": 1.5, "reason": []}}
