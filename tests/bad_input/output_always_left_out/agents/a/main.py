def main():
    return {"y": 1}
