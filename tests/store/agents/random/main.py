import os
import random
import time
import uuid


def main(number):
    time.sleep(0.001)
    made = [number, time.time(), time.monotonic(), random.random(), os.urandom(4).hex(), str(uuid.uuid4())]
    return {"made": made}
