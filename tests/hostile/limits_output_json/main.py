def main():
    return [0] * 1_000_000
