"""Forms with files in them."""

import os
from collections.abc import Mapping
from mimetypes import guess_type
from secrets import token_hex


def encode(data, files):
    """The body, and its `Content-Type`."""
    boundary = token_hex(16)
    parts = [_part(name, value) for name, value in _pairs(data) if value is not None]
    parts += [_file(name, file) for name, file in _pairs(files)]
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _pairs(data):
    for name, value in data.items() if isinstance(data, Mapping) else data or ():
        if isinstance(value, list):
            yield from ((name, one) for one in value)
        else:
            yield name, value


def _part(name, value):
    return _headed([f'form-data; name="{_quoted(name)}"'], None, value)


def _file(name, file):
    """A file's content, or `(filename, content)`, with its type and headers of its own behind."""
    filename, content, kind, headers = None, file, None, {}
    if isinstance(file, tuple):
        filename, content, kind, headers = (*file, None, {})[:4] if len(file) < 3 else (*file, {})[:4]
    elif isinstance(getattr(file, "name", None), str):
        filename = os.path.basename(file.name)
    content = content.read() if hasattr(content, "read") else content
    filename = name if filename is None else filename
    kind = kind or guess_type(filename)[0]
    return _headed([f'form-data; name="{_quoted(name)}"', f'filename="{_quoted(filename)}"'], kind, content, headers)


def _headed(disposition, kind, value, headers=None):
    lines = [f"Content-Disposition: {'; '.join(disposition)}"]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"{name}: {text}" for name, text in (headers or {}).items()]
    value = value if isinstance(value, (bytes, bytearray)) else str(value).encode()
    return "\r\n".join([*lines, "", ""]).encode() + value


def _quoted(name):
    """Nothing in a name ends it, or its line."""
    return str(name).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
