def main():
    return bytes(2 << 20)
