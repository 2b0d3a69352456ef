def main():
    return (3 ** 200_000_000) % 7
