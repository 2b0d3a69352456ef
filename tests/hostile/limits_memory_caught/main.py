def main():
    held = []
    for _ in range(3):
        try:
            while True:
                held.append(bytearray(1 << 20))
        except MemoryError:
            held.clear()
    return "still here"
