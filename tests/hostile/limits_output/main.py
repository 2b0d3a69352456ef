def main():
    return "x" * (2 << 20)
