def main(to):
    return {}
