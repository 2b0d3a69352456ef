def main():
    return [1, b"x"]
