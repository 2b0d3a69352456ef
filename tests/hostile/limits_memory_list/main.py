def main():
    held = []
    while True:
        held.append(bytes(100))
