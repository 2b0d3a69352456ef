import re
from json import dumps, loads

NOTHING = object()
NAME = re.compile(r"[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff]*", re.ASCII)
INTEGER = re.compile(r"0|-?[1-9]\d*", re.ASCII)
NUMBER = re.compile(r"(?:-?0|-?[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
SPACE = re.compile(r"[ \t\n\r]*")
LITERAL = re.compile(r"(?:true|false|null)(?!\w|\()")
FUNCTION = re.compile(r"([a-z][a-z_0-9]*)\(")
COMPARISON = re.compile(r"==|!=|<=|>=|<|>")
PIECE = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\.", re.DOTALL)
ESCAPED = dict(zip("bfnrt/\\", "\b\f\n\r\t/\\"))
# What a function gives, and what it takes.
FUNCTIONS = {
    "length": ("value", ["value"]),
    "count": ("value", ["nodes"]),
    "value": ("value", ["nodes"]),
    "match": ("truth", ["value", "value"]),
    "search": ("truth", ["value", "value"]),
}


def main(json, query: str):
    try:
        value = loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"the text is not JSON: {error}") from None
    try:
        nodes = Query(query).whole()(value, value)
    except RecursionError:
        raise ValueError("the query, or what it compares, is nested too deep") from None
    values = [value for value, _ in nodes]
    return {"values": values, "paths": [written(path) for _, path in nodes], "first": values[0] if values else None}


def written(path):
    keys = []
    while path:
        path, key = path
        keys.append(f"[{key}]" if isinstance(key, int) else f"[{quoted(key)}]")
    return "$" + "".join(reversed(keys))


def quoted(key):
    text = dumps(key, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{text}'"


class Query:
    """Reads a query. What it makes are functions of the document and the current value."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def wrong(self, message, at=None):
        at = self.at if at is None else at
        found = f"{self.text[at]!r}" if at < len(self.text) else "the end"
        return ValueError(f"query, column {at + 1}: {message}, not {found}")

    def take(self, pattern):
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def skip(self):
        self.take(SPACE)

    def eat(self, word):
        eaten = self.text.startswith(word, self.at)
        self.at += len(word) * eaten
        return eaten

    def need(self, word):
        if not self.eat(word):
            raise self.wrong(f"expected {word}")

    def whole(self):
        if not self.eat("$"):
            raise self.wrong("a query begins with $")
        find, _ = self.segments(from_root=True)
        if self.at < len(self.text):
            raise self.wrong("expected . or [ or the end")
        return find

    def segments(self, from_root):
        """What finds the nodes, and whether it finds one at most."""
        steps, singular = [], True
        while True:
            before = self.at
            self.skip()
            deep = self.eat("..")
            if self.eat("["):
                selectors, one = self.selectors()
            elif deep or self.eat("."):
                selectors, one = [self.shorthand()], self.text[self.at - 1] != "*"
            else:
                self.at = before
                return (lambda root, here: found(root, root if from_root else here, steps)), singular
            steps.append((deep, selectors))
            singular = singular and one and not deep

    def shorthand(self):
        if self.eat("*"):
            return every
        name = self.take(NAME)
        if not name:
            raise self.wrong("expected a name or *")
        return by_key(name[0])

    def selectors(self):
        selectors, singular = [], True
        while True:
            self.skip()
            selector, one = self.selector()
            selectors.append(selector)
            singular = singular and one and len(selectors) == 1
            self.skip()
            if self.eat("]"):
                return selectors, singular
            if not self.eat(","):
                raise self.wrong("expected , or ]")

    def selector(self):
        if self.eat("*"):
            return every, False
        if self.eat("?"):
            self.skip()
            return by_test(self.any_of()), False
        if self.text[self.at : self.at + 1] in ("'", '"'):
            return by_key(self.string()), True
        index = self.integer()
        self.skip()
        if not self.eat(":"):
            if index is None:
                raise self.wrong("expected a name in quotes, a number, a slice, * or ?")
            return by_index(index), True
        self.skip()
        stop, step = self.integer(), None
        self.skip()
        if self.eat(":"):
            self.skip()
            step = self.integer()
        return by_slice(index, stop, step), False

    def integer(self):
        at, digits = self.at, self.take(INTEGER)
        if digits and (len(digits[0]) > 17 or abs(int(digits[0])) >= 2**53):
            raise self.wrong("expected a number of at most 53 bits", at)
        return int(digits[0]) if digits else None

    def string(self):
        quote, parts = self.text[self.at], []
        self.at += 1
        while not self.eat(quote):
            character = self.text[self.at : self.at + 1]
            if not character:
                raise self.wrong(f"expected {quote}")
            if character < " ":
                raise self.wrong("expected \\u and four digits for a control character")
            self.at += 1
            parts.append(self.escape(quote) if character == "\\" else character)
        return "".join(parts)

    def escape(self, quote):
        character = self.text[self.at : self.at + 1]
        if character == quote or character in ESCAPED:
            self.at += 1
            return ESCAPED.get(character, quote)
        pair = self.take(re.compile(r"u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})", re.ASCII))
        if pair:
            return chr(0x10000 + (int(pair[1], 16) - 0xD800) * 0x400 + int(pair[2], 16) - 0xDC00)
        single = self.take(re.compile(r"u((?![dD][89a-fA-F])[\da-fA-F]{4})", re.ASCII))
        if not single:
            raise self.wrong("expected an escape as JSON has it")
        return chr(int(single[1], 16))

    def any_of(self):
        tests = [self.all_of()]
        while self.spaced("||"):
            tests.append(self.all_of())
        return (lambda root, here: any(test(root, here) for test in tests)) if tests[1:] else tests[0]

    def all_of(self):
        tests = [self.test()]
        while self.spaced("&&"):
            tests.append(self.test())
        return (lambda root, here: all(test(root, here) for test in tests)) if tests[1:] else tests[0]

    def spaced(self, word):
        before = self.at
        self.skip()
        if self.eat(word):
            self.skip()
            return True
        self.at = before
        return False

    def test(self):
        if self.eat("!"):
            self.skip()
            test = self.bracketed() if self.text.startswith("(", self.at) else self.truth(*self.operand())
            return lambda root, here: not test(root, here)
        if self.text.startswith("(", self.at):
            return self.bracketed()
        at, (kind, left) = self.at, self.operand()
        before = self.at
        self.skip()
        operator = self.take(COMPARISON)
        if not operator:
            self.at = before
            return self.truth(kind, left)
        left = self.comparable(kind, left, at)
        self.skip()
        at = self.at
        right = self.comparable(*self.operand(), at)
        compare = COMPARISONS[operator[0]]
        return lambda root, here: compare(left(root, here), right(root, here))

    def bracketed(self):
        self.need("(")
        self.skip()
        test = self.any_of()
        self.skip()
        self.need(")")
        return test

    def truth(self, kind, find):
        if kind in ("literal", "value"):
            raise self.wrong("expected a comparison after a value")
        return find if kind == "truth" else lambda root, here: bool(find(root, here))

    def comparable(self, kind, find, at):
        if kind == "singular":
            return lambda root, here: single(find(root, here))
        if kind not in ("literal", "value"):
            raise self.wrong("only what gives one value can be compared", at)
        return find

    def operand(self):
        """A kind (literal, value, truth, singular or nodes), and what finds it."""
        start = self.text[self.at : self.at + 1]
        if start in ("$", "@") and start:
            self.at += 1
            find, singular = self.segments(start == "$")
            return "singular" if singular else "nodes", find
        if start in ("'", '"') and start:
            text = self.string()
            return "literal", lambda root, here: text
        if found := self.take(LITERAL) or self.take(NUMBER):
            literal = loads(found[0])
            return "literal", lambda root, here: literal
        at = self.at
        if not (name := self.take(FUNCTION)):
            raise self.wrong("expected @, $, a value or a function")
        if name[1] not in FUNCTIONS:
            raise self.wrong(f"there is no function {name[1]}, only {', '.join(FUNCTIONS)}", at)
        return self.function(name[1])

    def function(self, name):
        gives, takes = FUNCTIONS[name]
        arguments = []
        for n, wanted in enumerate(takes):
            self.skip()
            if n:
                self.need(",")
                self.skip()
            at, (kind, find) = self.at, self.operand()
            if wanted == "value":
                find = self.comparable(kind, find, at)
            elif kind not in ("singular", "nodes"):
                raise self.wrong(f"{name} takes a query", at)
            arguments.append(find)
        self.skip()
        self.need(")")
        call = CALLS[name]
        return gives, lambda root, here: call(*(find(root, here) for find in arguments))


def found(root, start, steps):
    nodes = [(start, ())]
    for deep, selectors in steps:
        if deep:
            nodes = [below for node in nodes for below in descendants(node)]
        nodes = [child for node in nodes for select in selectors for child in select(root, node)]
    return nodes


def descendants(node):
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(every(None, node)))


def every(root, node):
    value, path = node
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(child, (path, key)) for key, child in pairs]


def by_key(key):
    def select(root, node):
        value, path = node
        return [(value[key], (path, key))] if isinstance(value, dict) and key in value else []

    return select


def by_index(index):
    def select(root, node):
        value, path = node
        if not isinstance(value, list) or not -len(value) <= index < len(value):
            return []
        return [(value[index], (path, index % len(value)))]

    return select


def by_slice(start, stop, step):
    def select(root, node):
        value, path = node
        if not isinstance(value, list) or step == 0:
            return []
        return [(value[n], (path, n)) for n in range(*slice(start, stop, step).indices(len(value)))]

    return select


def by_test(test):
    return lambda root, node: [child for child in every(root, node) if test(root, child[0])]


def single(nodes):
    return nodes[0][0] if len(nodes) == 1 else NOTHING


def equal(left, right):
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return left == right


def less(left, right):
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (left, right))
    return (numbers or isinstance(left, str) and isinstance(right, str)) and left < right


COMPARISONS = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": less,
    ">": lambda left, right: less(right, left),
    "<=": lambda left, right: less(left, right) or equal(left, right),
    ">=": lambda left, right: less(right, left) or equal(left, right),
}


def matches(text, pattern, whole):
    if not isinstance(text, str) or not isinstance(pattern, str):
        return False
    if re.search(r"\\[pP]", pattern):
        raise ValueError(f"pattern {pattern!r}: \\p and \\P are not supported; write the characters, as in [a-zà-ÿ]")
    try:
        # A dot is any character but a line end, as in I-Regexp (RFC 9485).
        compiled = re.compile(PIECE.sub(lambda piece: "[^\\n\\r]" if piece[0] == "." else piece[0], pattern))
    except (re.error, OverflowError):
        return False
    return bool(compiled.fullmatch(text) if whole else compiled.search(text))


CALLS = {
    "length": lambda value: len(value) if isinstance(value, (str, list, dict)) else NOTHING,
    "count": len,
    "value": single,
    "match": lambda text, pattern: matches(text, pattern, True),
    "search": lambda text, pattern: matches(text, pattern, False),
}
