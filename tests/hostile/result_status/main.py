def main():
    return {"got": 1, "status": "fine"}
