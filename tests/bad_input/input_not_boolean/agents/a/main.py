def main(b):
    return b
