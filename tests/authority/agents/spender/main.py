def main(rounds):
    for _ in range(rounds):
        sum(range(10_000))
    return "done"
