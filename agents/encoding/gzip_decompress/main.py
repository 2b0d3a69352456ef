import zlib


def main(data, limit=16_000_000):
    if not isinstance(data, bytes):
        raise ValueError(f"data must be bytes, not {type(data).__name__}")
    if type(limit) is not int or limit < 0:
        raise ValueError(f"limit must be a whole number from 0 on, not {limit!r}")
    parts, size, rest = [], 0, data
    while True:
        decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            part = decompressor.decompress(rest, limit - size + 1)
        except zlib.error as error:
            raise ValueError(f"the data is not gzip, from byte {len(data) - len(rest)}: {error}") from None
        size += len(part)
        if size > limit:
            raise ValueError(f"more than {limit} bytes come out; set a larger limit if that is right")
        if not decompressor.eof:
            raise ValueError("the data is cut short")
        parts.append(part)
        # Files may be filled up with zeros.
        rest = decompressor.unused_data.lstrip(b"\0")
        if not rest:
            return {"data": b"".join(parts)}
