import re
from itertools import accumulate
from json import JSONDecodeError, JSONDecoder, loads
from math import isfinite

# How deep brackets are followed, which takes room on the stack. A value that an agent gives has 100 levels at most.
MAX_DEPTH = 1_000
QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"')
NO_BRACKET = bytes(byte for byte in range(256) if byte not in b"[]{}")
STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
BLANK = re.compile(r"(?:[\s,]|//[^\n]*|/\*.*?(?:\*/|\Z)|\#[^\n]*)*", re.DOTALL)
SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?(?:\*/|\Z)|\#[^\n]*)*", re.DOTALL)
BARE_KEY = re.compile(r"[\w$][\w$.-]*")
WORD = re.compile(r"[+-]?[A-Za-z_$][\w$]*")
NUMBER = re.compile(r"[+-]?(?:0[xX][\da-fA-F]+|(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w$.:+-])")
PART_OF_NUMBER = re.compile(r"[+-]?\d*\.?\d*[eE]?[+-]?\Z")
WORDS = {"true": True, "false": False, "null": None, "none": None, "nil": None, "undefined": None}
WORDS |= {"nan": None, "infinity": None, "inf": None}
BRACKET = re.compile(r"[{\[]")
FENCE = re.compile(r"```[ \t]*[\w+-]*\s*\Z")
FENCED = re.compile(r"```[ \t]*[\w+-]*\s*\n(.*?)(?:```|\Z)", re.DOTALL)
LAST_FENCE = re.compile(r"\s*```\s*\Z")
ESCAPES = dict(zip("bfnrt/\\\"'`", "\b\f\n\r\t/\\\"'`")) | {"\n": ""}
HALF = re.compile(r"\\u[dD][89a-fA-F]")
SURROGATE = re.compile("[\ud800-\udfff]")
QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”“", "‘": "’‘", '"""': '"""', "'''": "'''"}
ANY_QUOTE = "[\"'`“‘]"
# What can end a text, or stands for something else in it.
MARK = re.compile("[\"'`“”‘’\\\\\n]")
# What follows a quote that ends a key; an item of a list; a value of an object. Any other is one within.
END_OF_KEY = re.compile(r"\s*(?::|\Z)")
END_OF_ITEM = re.compile(
    rf"\s*(?:\Z|[\])}}]|//|/\*|,\s*(?:\Z|[\]}}({{\[\d+.#/-]|{ANY_QUOTE}|[A-Za-z]+\s*[,\]]))|\s+{ANY_QUOTE}"
)
QUOTED_KEY = rf"{ANY_QUOTE}[^\"'`\n]*[\"'`”’]\s*:"
NEXT_KEY = rf"(?:{QUOTED_KEY}|[\w$][\w$.-]*\s*:)"
END_OF_VALUE = re.compile(
    rf"\s*(?:\Z|[\])}}]|//|/\*|,\s*(?:\Z|[\])}}#/]|\.\.\.|{NEXT_KEY})|{QUOTED_KEY})"
)
NEXT_LINE_IS_A_KEY = re.compile(rf"\n\s*{ANY_QUOTE}[\w$ .-]+[\"'`”’]\s*:")


class Stuck(Exception):
    """What was expected, and where; and whether what came before was surely JSON."""

    begun = False


def main(text: str):
    text = text.removeprefix("\ufeff")
    if is_deep(text):
        raise ValueError("the brackets are nested too deep")
    try:
        return {"json": mended(STRICT.decode(text), text), "repaired": False, "truncated": False}
    except ValueError:
        pass
    except RecursionError:
        raise ValueError("the brackets are nested too deep") from None
    try:
        value, truncated = found(unescaped(text))
    except Stuck as stuck:
        message, at = stuck.args
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise ValueError(f"line {line}, column {column}: {message}") from None
    except RecursionError:
        raise ValueError("the brackets are nested too deep") from None
    return {"json": value, "repaired": True, "truncated": truncated}


def is_deep(text):
    """Whether brackets are nested deeper than can be followed. Those in texts, as far as these are quoted, are none."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    brackets = QUOTED.sub("", text).encode().translate(None, NO_BRACKET)
    return max(accumulate(map(STEP.__getitem__, brackets)), default=0) > MAX_DEPTH


def no_number(name):
    raise ValueError(name)


def finite(digits):
    value = float(digits)
    return value if isfinite(value) else no_number(digits)


STRICT = JSONDecoder(parse_constant=no_number, parse_float=finite)


def found(text):
    """The best of all values in the text, and whether something of it is missing."""
    end = LAST_FENCE.search(text) if text.count("```") > 1 else None
    text = text[: end.start()] if end else text
    best, stuck, at = None, None, 0
    while bracket := BRACKET.search(text, at):
        start, at = bracket.start(), bracket.end()
        try:
            value, at, cut = read(text, start)
        except Stuck as error:
            # A bracket in a sentence is passed over. Of a broken value, no part is taken for the whole.
            if error.begun:
                stuck, at = stuck or error, error.args[1]
            continue
        rank = (FENCE.search(text, max(0, start - 100), start) is not None, at - start)
        if best is None or rank > best[0]:
            best = rank, value, cut
    if stuck and not (best and best[0][0]):
        raise stuck
    if not best:
        return alone(text), False
    return best[1:]


def alone(text):
    """A number, a word or a text by itself in a code fence."""
    try:
        return STRICT.decode(FENCED.search(text)[1])
    except (TypeError, ValueError):
        raise Stuck("there is no JSON object or list in the text", 0) from None


def read(text, start):
    """The value that begins here, where it ends, and whether something is missing."""
    try:
        value, end = STRICT.raw_decode(text, start)
        return mended(value, text), end, False
    except ValueError:
        pass
    try:
        return attempt(text, start, strict=True)
    except Stuck as error:
        first = error
    try:
        return attempt(text, start, strict=False)
    except Stuck as second:
        raise max(first, second, key=lambda error: error.args[1]) from None


def attempt(text, start, strict):
    reader = Reader(text, start, strict)
    try:
        return reader.value(), reader.at, reader.cut
    except Stuck as error:
        error.begun = reader.begun
        raise


def unescaped(text):
    """JSON that was written as the inside of a JSON text, with \\" for each quote."""
    if re.search(r'[{\[]\s*(?:\\[nrt])*\s*\\"', text):
        try:
            return loads(f'"{text.strip()}"', strict=False)
        except JSONDecodeError:
            pass
    return text


class Reader:
    """Reads what is nearly JSON. With `strict`, any quote ends a text; else, one that looks like its end."""

    def __init__(self, text, at, strict):
        self.text, self.at, self.strict = text, at, strict
        self.open, self.begun, self.cut = [], False, False

    def skip(self, pattern):
        self.at = pattern.match(self.text, self.at).end()
        return self.text[self.at : self.at + 1]

    def ends(self):
        if self.at >= len(self.text):
            self.cut = True
        return self.at >= len(self.text)

    def value(self):
        start = self.skip(SPACE)
        if start in ("{", "[", "(") and start:
            self.at += 1
            self.open.append({"{": "}", "[": "]", "(": ")"}[start])
            value = self.entries() if start == "{" else self.items()
            self.open.pop()
            return value
        if start in QUOTES:
            return self.string(END_OF_VALUE if self.open[-1:] == ["}"] else END_OF_ITEM)
        return self.bare()

    def closed(self, character):
        """Whether the innermost bracket ends here: by its own end, by that of one around it, by the text's."""
        if self.ends():
            return True
        if character == self.open[-1]:
            self.at += 1
            return True
        if self.text.startswith("...", self.at) or character == "…":
            self.at += 1 if character == "…" else 3
            self.cut = True
            return self.closed(self.skip(BLANK))
        return character in self.open

    def items(self):
        items = []
        while not self.closed(self.skip(BLANK)):
            items.append(self.value())
        return items

    def entries(self):
        entries = {}
        while not self.closed(start := self.skip(BLANK)):
            if start in QUOTES:
                key = self.string(END_OF_KEY)
            elif bare := BARE_KEY.match(self.text, self.at):
                key, self.at = bare[0], bare.end()
            else:
                raise Stuck(f"expected a key, not {start!r}", self.at)
            colon = self.skip(SPACE)
            if self.ends():
                break
            if colon != ":":
                raise Stuck(f"expected : after a key, not {colon!r}", self.at)
            self.at += 1
            self.begun = True
            self.skip(SPACE)
            if self.ends():
                break
            entries[key] = self.value()
        return entries

    def bare(self):
        """A number or a word."""
        rest = self.at
        if number := NUMBER.match(self.text, rest):
            self.at = number.end()
            self.cut = self.cut or self.at == len(self.text)
            return numeric(number[0])
        if word := WORD.match(self.text, rest):
            name = word[0].lstrip("+-").lower()
            last = word.end() == len(self.text)
            whole = next((known for known in WORDS if known == name or last and known.startswith(name)), None)
            if whole:
                self.at = word.end()
                self.cut = self.cut or last
                return WORDS[whole]
        if part := PART_OF_NUMBER.match(self.text, rest):
            self.at, self.cut = part.end(), True
            digits = part[0].rstrip("eE+-.")
            return numeric(digits) if digits else None
        raise Stuck(f"expected a value, not {self.text[rest : rest + 1]!r}", rest)

    def string(self, end):
        """A text in quotes. One that only the end of the text ends is cut off."""
        start, quote = self.at, self.text[self.at]
        if self.text.startswith((quote * 3), self.at) and quote * 3 in QUOTES:
            quote *= 3
        self.at += len(quote)
        self.begun = True
        parts = []
        while mark := MARK.search(self.text, self.at):
            parts.append(self.text[self.at : mark.start()])
            self.at = mark.start()
            character = mark[0]
            if len(quote) == 3:
                if self.text.startswith(quote, self.at):
                    self.at += 3
                    return whole("".join(parts))
            elif character in QUOTES[quote] and (self.strict or end.match(self.text, self.at + 1)):
                self.at += 1
                return whole("".join(parts))
            elif end is END_OF_VALUE and not self.strict and NEXT_LINE_IS_A_KEY.match(self.text, self.at):
                return whole("".join(parts).rstrip().removesuffix(","))
            if character == "\\":
                parts.append(self.escape())
            else:
                self.at += 1
                parts.append(character)
        parts.append(self.text[self.at :])
        self.at = len(self.text)
        if not self.strict:
            raise Stuck("this text in quotes has no end", start)
        self.cut = True
        return whole("".join(parts))

    def escape(self):
        character = self.text[self.at + 1 : self.at + 2]
        digits = {"u": 4, "x": 2}.get(character)
        if digits and (code := re.compile(rf"[\da-fA-F]{{{digits}}}").match(self.text, self.at + 2)):
            self.at = code.end()
            return chr(int(code[0], 16))
        if digits and self.at + 2 + digits > len(self.text):
            self.at = len(self.text)
            return ""
        self.at += 1 + len(character)
        # An escape that there is not is a backslash that was not doubled, as in C:\data.
        return ESCAPES.get(character, f"\\{character}" if character else "")


def mended(value, text):
    """Right JSON can still say half a character, as no text can hold it."""
    if not HALF.search(text):
        return value
    if isinstance(value, dict):
        return {whole(key): mended(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [mended(item, text) for item in value]
    return whole(value) if isinstance(value, str) else value


def whole(text):
    """Puts the halves of a character that two \\u made together; one alone is none."""
    if not SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def numeric(digits):
    sign = -1 if digits.startswith("-") else 1
    plain = digits.lstrip("+-").replace("_", "")
    if plain[:2] in ("0x", "0X"):
        return sign * int(plain, 16)
    if re.match(r"0\d", plain):
        return digits
    # Python reads no more digits, nor writes them.
    if plain.isdecimal() and len(plain) <= 4300:
        return sign * int(plain)
    value = sign * float(plain)
    return value if isfinite(value) else None
