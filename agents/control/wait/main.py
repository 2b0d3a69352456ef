import time


def main(seconds=1):
    if type(seconds) not in (int, float) or not 0 <= seconds <= 3600:
        raise ValueError(f"seconds must be a number from 0 to 3600, not {seconds!r}")
    time.sleep(seconds)
    return {}
