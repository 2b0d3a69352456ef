import re
from difflib import get_close_matches
from fractions import Fraction
from itertools import islice
from json import dumps, loads
from urllib.parse import unquote

NOTES = (
    "$comment title description default examples deprecated readOnly writeOnly "
    "format contentEncoding contentMediaType contentSchema"
).split()
DRAFTS = re.compile(r"https?://json-schema\.org/draft(-0[67]|/2019-09|/2020-12)/schema#?")
SPACE = r"[\s\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\xa0\ufeff]"
TYPES = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: is_number(value),
    "integer": lambda value: is_number(value) and value == int(value),
}


def main(json, schema, limit=100):
    # A text is a value like any other; a schema is never one, so a text holds it.
    schema = parsed("schema", schema)
    if type(limit) is not int or limit < 1:
        raise ValueError(f"limit must be a whole number from 1 on, not {limit!r}")
    try:
        Checked(schema).schema(schema, "")
        errors = list(islice(Validator(schema).errors(json, schema, "", ""), limit))
    except RecursionError:
        raise ValueError("the value is nested too deep, or the schema refers to itself without end") from None
    names = ("instanceLocation", "keywordLocation", "error")
    return {"valid": not errors, "errors": [dict(zip(names, error)) for error in errors]}


def parsed(name, json):
    try:
        return loads(json) if isinstance(json, str) else json
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def pointer(at, key):
    return f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"


def shown(value):
    text = dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def same(left, right):
    if is_number(left) and is_number(right):
        return left == right
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


def expression(pattern):
    """A pattern of JSON Schema, so of ECMAScript, as one of Python."""
    pieces = re.findall(r"\\.|\[(?:\\.|[^\]\\])*\]|\(\?<(?![=!])|.", pattern, re.DOTALL)
    if any(re.search(r"\\[pP]", piece) for piece in pieces):
        raise ValueError(f"pattern {pattern!r}: \\p and \\P are not supported")
    python = {"$": r"\Z", "(?<": "(?P<", r"\/": "/", r"\s": SPACE}
    try:
        return re.compile("".join(python.get(piece, piece) for piece in pieces), re.ASCII)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r}: {error}") from None


class Checked:
    """Goes through a schema once, whatever the value is: what is wrong in it fails the call."""

    def __init__(self, root):
        self.root = root
        self.seen = set()

    def wrong(self, at, message):
        return ValueError(f"the schema is wrong at {at or 'its top'}: {message}")

    def schema(self, schema, at):
        if isinstance(schema, bool):
            return
        if not isinstance(schema, dict):
            raise self.wrong(at, f"a schema is an object, true or false, not {shown(schema)}")
        if id(schema) in self.seen:
            return
        self.seen.add(id(schema))
        for keyword, value in schema.items():
            here = pointer(at, keyword)
            if keyword not in FORMS:
                near = get_close_matches(keyword, FORMS, 1, 0.8)
                raise self.wrong(here, f"{keyword} is not supported" + (f"; did you mean {near[0]}?" if near else ""))
            FORMS[keyword](self, value, here)
        if "$id" in schema and at:
            raise self.wrong(at, "an $id within the schema is not supported")

    def any(self, value, at):
        pass

    def text(self, value, at):
        if not isinstance(value, str):
            raise self.wrong(at, f"expected a text, not {shown(value)}")

    def number(self, value, at):
        if not is_number(value):
            raise self.wrong(at, f"expected a number, not {shown(value)}")

    def factor(self, value, at):
        if not is_number(value) or value <= 0:
            raise self.wrong(at, f"expected a number over 0, not {shown(value)}")

    def count(self, value, at):
        if not TYPES["integer"](value) or value < 0:
            raise self.wrong(at, f"expected a whole number from 0 on, not {shown(value)}")

    def boolean(self, value, at):
        if not isinstance(value, bool):
            raise self.wrong(at, f"expected true or false, not {shown(value)}")

    def array(self, value, at):
        if not isinstance(value, list):
            raise self.wrong(at, f"expected a list, not {shown(value)}")

    def texts(self, value, at):
        self.array(value, at)
        for n, item in enumerate(value):
            self.text(item, pointer(at, n))

    def types(self, value, at):
        for name in value if isinstance(value, list) else [value]:
            if not isinstance(name, str) or name not in TYPES:
                raise self.wrong(at, f"expected {', '.join(TYPES)}, or a list of these, not {shown(name)}")

    def pattern(self, value, at):
        self.text(value, at)
        expression(value)

    def schemas(self, value, at):
        self.array(value, at)
        if not value:
            raise self.wrong(at, "expected one schema at least")
        for n, schema in enumerate(value):
            self.schema(schema, pointer(at, n))

    def by_name(self, value, at):
        if not isinstance(value, dict):
            raise self.wrong(at, f"expected an object of schemas, not {shown(value)}")
        for name, schema in value.items():
            self.schema(schema, pointer(at, name))

    def by_pattern(self, value, at):
        self.by_name(value, at)
        for pattern in value:
            expression(pattern)

    def needed(self, value, at):
        if not isinstance(value, dict):
            raise self.wrong(at, f"expected an object of lists, not {shown(value)}")
        for name, names in value.items():
            self.texts(names, pointer(at, name))

    def reference(self, value, at):
        self.text(value, at)
        self.schema(Validator(self.root).target(value), at)

    def draft(self, value, at):
        self.text(value, at)
        if not DRAFTS.fullmatch(value):
            known = "https://json-schema.org/draft/2020-12/schema"
            raise self.wrong(at, f"only {known} and drafts from 06 on are supported")


FORMS = {
    **dict.fromkeys(NOTES, Checked.any),
    **dict.fromkeys(["$id", "$anchor"], Checked.text),
    "$schema": Checked.draft,
    **dict.fromkeys(["$defs", "definitions", "properties", "dependentSchemas"], Checked.by_name),
    **dict.fromkeys("items contains additionalProperties propertyNames not if then else".split(), Checked.schema),
    **dict.fromkeys("minLength maxLength minItems maxItems minContains maxContains".split(), Checked.count),
    **dict.fromkeys(["minProperties", "maxProperties"], Checked.count),
    **dict.fromkeys("minimum maximum exclusiveMinimum exclusiveMaximum".split(), Checked.number),
    **dict.fromkeys(["allOf", "anyOf", "oneOf", "prefixItems"], Checked.schemas),
    "type": Checked.types,
    "enum": Checked.array,
    "const": Checked.any,
    "multipleOf": Checked.factor,
    "pattern": Checked.pattern,
    "uniqueItems": Checked.boolean,
    "required": Checked.texts,
    "dependentRequired": Checked.needed,
    "patternProperties": Checked.by_pattern,
    "$ref": Checked.reference,
}


class Validator:
    def __init__(self, root):
        self.root = root
        self.expressions = {}

    def errors(self, value, schema, at, path):
        """Where in the value, where in the schema, and what is wrong, for each error."""
        if isinstance(schema, bool):
            if not schema:
                yield at, path, "nothing is allowed here"
            return
        for keyword, wanted in schema.items():
            check = CHECKS.get(keyword)
            if check is None:
                continue
            here = pointer(path, keyword)
            for found in check(self, value, wanted, schema, at, here):
                yield (at, here, found) if isinstance(found, str) else found

    def fits(self, value, schema):
        return next(self.errors(value, schema, "", ""), None) is None

    def searched(self, pattern, text):
        if pattern not in self.expressions:
            self.expressions[pattern] = expression(pattern)
        return self.expressions[pattern].search(text)

    def target(self, reference):
        """The schema that a $ref leads to: #, #/a/b or #name."""
        if not reference.startswith("#"):
            raise ValueError(f"$ref {reference!r} leads out of the schema; only # and a place in it is supported")
        name = unquote(reference[1:])
        if name and not name.startswith("/"):
            found = next(anchored(self.root, name), None)
        else:
            found = self.root
            for key in name.split("/")[1:]:
                key = key.replace("~1", "/").replace("~0", "~")
                if isinstance(found, list):
                    found = found[int(key)] if key.isdecimal() and int(key) < len(found) else None
                else:
                    found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, (dict, bool)):
            raise ValueError(f"$ref {reference!r} leads to no schema")
        return found

    def reference(self, value, wanted, schema, at, here):
        yield from self.errors(value, self.target(wanted), at, here)

    def type(self, value, wanted, schema, at, here):
        names = wanted if isinstance(wanted, list) else [wanted]
        if not any(TYPES[name](value) for name in names):
            yield f"{shown(value)} is not of type {' or '.join(names)}"

    def enum(self, value, wanted, schema, at, here):
        if not any(same(value, one) for one in wanted):
            yield f"{shown(value)} is none of {', '.join(map(shown, wanted))}"

    def const(self, value, wanted, schema, at, here):
        if not same(value, wanted):
            yield f"{shown(value)} is not {shown(wanted)}"

    def multiple_of(self, value, wanted, schema, at, here):
        if is_number(value) and Fraction(repr(value)) % Fraction(repr(wanted)):
            yield f"{shown(value)} is no multiple of {shown(wanted)}"

    def minimum(self, value, wanted, schema, at, here):
        if is_number(value) and value < wanted:
            yield f"{shown(value)} is less than {shown(wanted)}"

    def maximum(self, value, wanted, schema, at, here):
        if is_number(value) and value > wanted:
            yield f"{shown(value)} is more than {shown(wanted)}"

    def exclusive_minimum(self, value, wanted, schema, at, here):
        if is_number(value) and value <= wanted:
            yield f"{shown(value)} is not more than {shown(wanted)}"

    def exclusive_maximum(self, value, wanted, schema, at, here):
        if is_number(value) and value >= wanted:
            yield f"{shown(value)} is not less than {shown(wanted)}"

    def pattern(self, value, wanted, schema, at, here):
        if isinstance(value, str) and not self.searched(wanted, value):
            yield f"{shown(value)} does not match {wanted}"

    def unique_items(self, value, wanted, schema, at, here):
        if wanted and isinstance(value, list):
            seen = {}
            for n, item in enumerate(value):
                others = seen.setdefault(likeness(item), [])
                if (twin := next((other for other in others if same(value[other], item)), None)) is not None:
                    yield f"items {twin} and {n} are the same"
                    return
                others.append(n)

    def required(self, value, wanted, schema, at, here):
        if isinstance(value, dict):
            yield from (f"{name!r} is missing" for name in wanted if name not in value)

    def dependent_required(self, value, wanted, schema, at, here):
        if isinstance(value, dict):
            for name in wanted.keys() & value.keys():
                yield from (f"{other!r} is missing, beside {name!r}" for other in wanted[name] if other not in value)

    def dependent_schemas(self, value, wanted, schema, at, here):
        if isinstance(value, dict):
            for name in wanted:
                if name in value:
                    yield from self.errors(value, wanted[name], at, pointer(here, name))

    def properties(self, value, wanted, schema, at, here):
        if isinstance(value, dict):
            for name, one in wanted.items():
                if name in value:
                    yield from self.errors(value[name], one, pointer(at, name), pointer(here, name))

    def pattern_properties(self, value, wanted, schema, at, here):
        if isinstance(value, dict):
            for pattern, one in wanted.items():
                for name in value:
                    if self.searched(pattern, name):
                        yield from self.errors(value[name], one, pointer(at, name), pointer(here, pattern))

    def additional_properties(self, value, wanted, schema, at, here):
        if isinstance(value, dict):
            patterns = schema.get("patternProperties", {})
            for name in value:
                if name not in schema.get("properties", {}) and not any(self.searched(p, name) for p in patterns):
                    if wanted is False:
                        yield pointer(at, name), here, f"{name!r} is not allowed here"
                    else:
                        yield from self.errors(value[name], wanted, pointer(at, name), here)

    def property_names(self, value, wanted, schema, at, here):
        if isinstance(value, dict):
            for name in value:
                for _, path, error in self.errors(name, wanted, "", here):
                    yield at, path, f"the key {name!r}: {error}"

    def prefix_items(self, value, wanted, schema, at, here):
        if isinstance(value, list):
            for n, (item, one) in enumerate(zip(value, wanted)):
                yield from self.errors(item, one, pointer(at, n), pointer(here, n))

    def items(self, value, wanted, schema, at, here):
        if isinstance(value, list):
            for n in range(len(schema.get("prefixItems", [])), len(value)):
                yield from self.errors(value[n], wanted, pointer(at, n), here)

    def contains(self, value, wanted, schema, at, here):
        if isinstance(value, list):
            count = sum(self.fits(item, wanted) for item in value)
            least, most = schema.get("minContains", 1), schema.get("maxContains")
            if count < least:
                yield f"{count} of the items fit, {shown(least)} are needed"
            if most is not None and count > most:
                yield f"{count} of the items fit, at most {shown(most)} may"

    def all_of(self, value, wanted, schema, at, here):
        for n, one in enumerate(wanted):
            yield from self.errors(value, one, at, pointer(here, n))

    def any_of(self, value, wanted, schema, at, here):
        if not any(self.fits(value, one) for one in wanted):
            yield f"{shown(value)} fits none of the {len(wanted)} schemas"
            for n, one in enumerate(wanted):
                yield from self.errors(value, one, at, pointer(here, n))

    def one_of(self, value, wanted, schema, at, here):
        fitting = [n for n, one in enumerate(wanted) if self.fits(value, one)]
        if len(fitting) > 1:
            yield f"{shown(value)} fits {len(fitting)} schemas, {' and '.join(map(str, fitting))}, and may fit one only"
        if not fitting:
            yield from self.any_of(value, wanted, schema, at, here)

    def negated(self, value, wanted, schema, at, here):
        if self.fits(value, wanted):
            yield f"{shown(value)} fits the schema that it must not fit"

    def conditional(self, value, wanted, schema, at, here):
        keyword = "then" if self.fits(value, wanted) else "else"
        if keyword in schema:
            yield from self.errors(value, schema[keyword], at, pointer(here.rpartition("/")[0], keyword))


def anchored(schema, name):
    if isinstance(schema, dict):
        if schema.get("$anchor") == name:
            yield schema
        for value in schema.values():
            yield from anchored(value, name)
    elif isinstance(schema, list):
        for value in schema:
            yield from anchored(value, name)


def likeness(item):
    """The same for items that are the same, so that few have to be compared."""
    if isinstance(item, list):
        return "list", len(item)
    return ("dict", *sorted(item)) if isinstance(item, dict) else (isinstance(item, bool), item)


def sized(kind, least, what):
    def check(self, value, wanted, schema, at, here):
        if isinstance(value, kind) and (len(value) < wanted if least else len(value) > wanted):
            yield f"{len(value)} {what}, and {'at least' if least else 'at most'} {shown(wanted)} allowed"

    return check


CHECKS = {
    "$ref": Validator.reference,
    "type": Validator.type,
    "enum": Validator.enum,
    "const": Validator.const,
    "multipleOf": Validator.multiple_of,
    "minimum": Validator.minimum,
    "maximum": Validator.maximum,
    "exclusiveMinimum": Validator.exclusive_minimum,
    "exclusiveMaximum": Validator.exclusive_maximum,
    "minLength": sized(str, True, "characters"),
    "maxLength": sized(str, False, "characters"),
    "minItems": sized(list, True, "items"),
    "maxItems": sized(list, False, "items"),
    "minProperties": sized(dict, True, "keys"),
    "maxProperties": sized(dict, False, "keys"),
    "pattern": Validator.pattern,
    "uniqueItems": Validator.unique_items,
    "required": Validator.required,
    "dependentRequired": Validator.dependent_required,
    "dependentSchemas": Validator.dependent_schemas,
    "properties": Validator.properties,
    "patternProperties": Validator.pattern_properties,
    "additionalProperties": Validator.additional_properties,
    "propertyNames": Validator.property_names,
    "prefixItems": Validator.prefix_items,
    "items": Validator.items,
    "contains": Validator.contains,
    "allOf": Validator.all_of,
    "anyOf": Validator.any_of,
    "oneOf": Validator.one_of,
    "not": Validator.negated,
    "if": Validator.conditional,
}
