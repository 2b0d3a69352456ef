import os

LIMIT = 5

class Main:
    def main(self):
        pass


async def man():
    main = LIMIT
