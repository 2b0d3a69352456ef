def main(number):
    if number == 0:
        for _ in range(20_000_000):
            pass
    return "x" * 1_000_000
