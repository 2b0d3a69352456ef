"""Lines of a log, taken apart: the module re."""

import re

ROUNDS = 50

LINE = re.compile(r"(\d+)-(\d+)-(\d+) (\d+):(\d+) \[(\w+)\] (\S+@\S+\.com|nobody): (.*)")
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
NUMBER = re.compile(r"0x[0-9a-f]+|\d+")


def log():
    lines = []
    for number in range(150):
        level = ["info", "warning", "error"][number % 3]
        who = "user%d@example.com" % number if number % 4 else "nobody"
        lines.append("2026-%d-%d 12:%d [%s] %s: it's request %d, block 0x%x, and that's all" % (
            number % 12 + 1, number % 28 + 1, number % 60, level, who, number, number * 7919))
    return lines


def main():
    lines = log()
    minutes = 0
    words = 0
    hidden = 0
    for _ in range(ROUNDS):
        for line in lines:
            found = LINE.match(line)
            minutes += int(found.group(5))
            words += len(WORD.findall(found.group(8)))
            hidden += len(NUMBER.sub("#", line))
    return f"{minutes} {words} {hidden}"
