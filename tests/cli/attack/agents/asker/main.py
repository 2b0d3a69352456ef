def main():
    return "nothing"
