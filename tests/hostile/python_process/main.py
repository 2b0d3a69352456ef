import os
import subprocess
import threading


def main():
    got = []
    for attempt in [os.fork, lambda: os.system("id"), lambda: subprocess.run(["id"]), lambda: os.execv("/bin/sh", ["sh"]),
                    lambda: threading.Thread(target=print).start(), lambda: os.popen("id").read(), lambda: os.kill(1, 9)]:
        try:
            got.append(repr(attempt()))
        except (OSError, RuntimeError, AttributeError) as refused:
            got.append(type(refused).__name__)
    return got
