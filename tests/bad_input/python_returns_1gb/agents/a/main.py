def main():
    return "x" * (1 << 30)
