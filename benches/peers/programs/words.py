"""Words made, counted and sorted: strings and dicts."""

ROUNDS = 55

SYLLABLES = ["ka", "lo", "mi", "ru", "te", "sha", "no", "pi"]


def text(seed):
    words = []
    for _ in range(700):
        word = ""
        seed = (seed * 3877 + 29573) % 139968
        left = seed
        for _ in range(2 + seed % 3):
            word += SYLLABLES[left % 8]
            left = left // 8 + 3
        words.append(word.capitalize() if seed % 5 == 0 else word)
    return ", ".join(words) + "."


def count(written):
    found = {}
    for word in written.replace(",", "").replace(".", "").lower().split():
        found[word] = found.get(word, 0) + 1
    return found


def report(found):
    order = sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))
    return "\n".join([f"{word}: {number}" for word, number in order])


def main():
    length = 0
    last = ""
    for number in range(ROUNDS):
        made = report(count(text(number)))
        length += len(made)
        last = made.split("\n")[0]
    return f"{length} {last}"
