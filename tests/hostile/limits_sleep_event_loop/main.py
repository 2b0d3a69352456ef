import asyncio


def main():
    asyncio.run(asyncio.sleep(3600))
