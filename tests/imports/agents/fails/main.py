def main():
    raise ValueError("as it should")
