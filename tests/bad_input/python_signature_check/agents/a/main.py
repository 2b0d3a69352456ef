def main(txet):
    return txet
