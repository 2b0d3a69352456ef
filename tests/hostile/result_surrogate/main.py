def main():
    return "a\ud800b"
