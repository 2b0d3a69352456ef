def main():
    held = []
    held.append(held)
    return held
