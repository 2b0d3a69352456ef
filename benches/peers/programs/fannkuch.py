"""Pancakes turned over for each order of eight: small lists, slices and whole numbers."""

SIZE = 8


def turns(order):
    count = 0
    stack = order[:]
    first = stack[0]
    while first:
        stack[: first + 1] = stack[first::-1]
        count += 1
        first = stack[0]
    return count


def main():
    order = list(range(SIZE))
    counts = [0] * SIZE
    most = 0
    checksum = 0
    sign = 1
    done = False
    while not done:
        if order[0]:
            count = turns(order)
            most = max(most, count)
            checksum += sign * count
        if sign == 1:
            order[0], order[1] = order[1], order[0]
            sign = -1
            continue
        sign = 1
        order[1], order[2] = order[2], order[1]
        at = 2
        while at < SIZE:
            counts[at] += 1
            if counts[at] <= at:
                break
            counts[at] = 0
            at += 1
            if at == SIZE:
                done = True
                break
            order.insert(at, order.pop(0))
    return f"{checksum} {most}"
