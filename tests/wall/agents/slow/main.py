def main():
    print("running")
    while True:
        pass
