def main(c):
    return c
