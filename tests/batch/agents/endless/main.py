def main(name):
    while True:
        pass
