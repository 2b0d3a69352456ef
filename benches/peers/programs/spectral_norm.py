"""The norm of a matrix that is never written down: calls, comprehensions and floats."""

SIZE = 70


def entry(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(vector):
    return [sum([entry(i, j) * value for j, value in enumerate(vector)]) for i in range(SIZE)]


def transposed(vector):
    return [sum([entry(j, i) * value for j, value in enumerate(vector)]) for i in range(SIZE)]


def main():
    u = [1.0] * SIZE
    v = u
    for _ in range(10):
        v = transposed(times(u))
        u = transposed(times(v))
    up = sum([a * b for a, b in zip(u, v)])
    down = sum([b * b for b in v])
    return str(round((up / down) ** 0.5 * 1000000000))
