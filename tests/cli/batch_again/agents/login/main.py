def main(number, pass_word=None, note=None):
    if number == 1:
        raise ValueError("it is 1")
    return number
