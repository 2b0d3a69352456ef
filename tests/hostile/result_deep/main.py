def main():
    held = []
    for _ in range(5_000):
        held = [held]
    return held
