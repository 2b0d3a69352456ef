import select


def main():
    select.select([], [], [], 3600)
