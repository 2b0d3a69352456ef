def main(number):
    if number > 2:
        raise ValueError(f"{number} is too much")
    return number
