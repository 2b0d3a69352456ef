def main():
    return {"got": 1, "more": 2, "else": 3}
