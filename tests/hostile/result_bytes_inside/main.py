def main():
    return [1, {"a": [b"x"]}]
