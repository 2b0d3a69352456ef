def main():
    raise MemoryError
