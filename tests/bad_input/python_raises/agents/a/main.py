def main():
    raise ValueError("no good")
