"""Each of these takes longer than anyone has, and all but the first is work of CPython's own code."""

import collections
import copy
import functools
import itertools
import json
import pickle
import re
import sqlite3


def shared(levels=80):
    """A list that is small in memory, and endless to go through."""
    lists = [[]]
    for _ in range(levels):
        lists.append([lists[-1], lists[-1]])
    return lists[-1]


def tuples(levels=80):
    pair = ()
    for _ in range(levels):
        pair = (pair, pair)
    return pair


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


class Deep:
    """Compares by itself, in C's sense: through a slot, again and again."""

    def __init__(self, inner):
        self.inner = inner

    def __eq__(self, other):
        return self.inner == other.inner and self.inner == other.inner


def deep(levels=80):
    made = 1
    for _ in range(levels):
        made = Deep(made)
    return made


WORK = {
    "spin": lambda: all(True for _ in itertools.count()),
    "calls": lambda: fibonacci(100),
    "slots": lambda: deep() == deep(),
    "count": lambda: collections.deque(itertools.count(), maxlen=0),
    "find": lambda: -1 in itertools.count(),
    "map": lambda: sum(map(abs, itertools.repeat(1))),
    "reduce": lambda: functools.reduce(max, itertools.repeat(1)),
    "pattern": lambda: re.match("(a|aa)+$", "a" * 200 + "b"),
    "equal": lambda: shared() == shared(),
    "order": lambda: tuples() < tuples(),
    "repr": lambda: collections.deque(map(repr, itertools.repeat(shared(16))), maxlen=0),
    "json": lambda: [json.dumps(shared(16)) for _ in itertools.count()] and None,
    "pickle": lambda: all(pickle.loads(pickle.dumps(list(range(1000)))) for _ in itertools.count()),
    "copy": lambda: all(copy.deepcopy([1, [2]]) for _ in itertools.count()),
    "power": lambda: 3 ** 10**8,
    "digits": lambda: all(int("9" * 4000) for _ in itertools.count()),
    "sort": lambda: all(sorted(range(100_000, 0, -1)) for _ in itertools.count()),
    "text": lambda: all(("a" * 10_000_000).replace("a", "b") for _ in itertools.count()),
    "bytes": lambda: all(bytes(10_000_000) for _ in itertools.count()),
    "search": lambda: all(("a" * 100_000).find("a" * 5000 + "b") for _ in itertools.count()),
    "source": lambda: all(compile("f(a + b)\n" * 500, "x", "exec") for _ in itertools.count()),
    "rows": lambda: sqlite3.connect(":memory:").execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    ).fetchone(),
}


def main(how):
    if how == "nothing":
        return "done"
    if how == "raise":
        raise ValueError("as asked")
    WORK[how]()
    return "done"
