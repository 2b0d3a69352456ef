import re
from xml.parsers import expat

# How deep elements are followed: what takes the value along has a stack. A value has 100 levels at most.
MAX_DEPTH = 1_000
DECLARED = rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([\w.-]+)"


def main(xml, lists=()):
    if not isinstance(xml, (str, bytes)):
        raise ValueError(f"xml must be text or bytes, not {type(xml).__name__}")
    if not isinstance(lists, (list, tuple)) or not all(isinstance(name, str) for name in lists):
        raise ValueError(f"lists must be a list of names, not {lists!r}")
    xml = decoded(xml) if isinstance(xml, bytes) else xml
    document = Document(set(lists))
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.CharacterDataHandler = document.text
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(xml.removeprefix("\ufeff") if isinstance(xml, str) else xml, True)
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code)
        raise ValueError(f"line {error.lineno}, column {error.offset + 1}: {message}") from None
    return {"json": document.top}


def decoded(xml):
    """The text; UTF-16 stays bytes, and so does what names no encoding.

    UTF-8 comes first: what was written anew in UTF-8 often keeps the declaration that it had, and what
    is in another encoding is hardly ever UTF-8 by chance. So a text and its bytes give the same.
    """
    try:
        return xml if b"\0" in xml[:4] else xml.decode()
    except UnicodeDecodeError:
        declared = re.match(DECLARED, xml)
    try:
        return xml.decode(declared[1].decode()) if declared else xml
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"{error}; decode it first, or write it in UTF-8") from None


def refuse_doctype(name, *_):
    raise ValueError("the XML has a document type (<!DOCTYPE …>), which can hide anything; take it out")


class Document:
    """Builds the value while the parser reads."""

    def __init__(self, lists):
        self.lists, self.top = lists, {}
        self.open = [(self.top, [])]

    def start(self, name, attributes):
        if len(self.open) > MAX_DEPTH:
            raise ValueError(f"elements are nested deeper than {MAX_DEPTH}")
        self.open.append(({f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, text):
        self.open[-1][1].append(text)

    def end(self, name):
        element, parts = self.open.pop()
        text = "".join(parts)
        # Between elements, white space is layout.
        if element:
            text = text.strip()
        if element and text:
            element["#text"] = text
        self.add(self.open[-1][0], name, element or text or None)

    def add(self, parent, name, value):
        if name not in parent:
            parent[name] = [value] if name in self.lists else value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]
