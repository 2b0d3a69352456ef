def main():
    return {"got": "x" * (600 << 10), "more": "x" * (600 << 10)}
