import zlib


def main(data, level=6):
    if isinstance(data, str):
        data = data.encode()
    if not isinstance(data, bytes):
        raise ValueError(f"data must be bytes or text, not {type(data).__name__}")
    if type(level) is not int or not 1 <= level <= 9:
        raise ValueError(f"level must be a whole number from 1 to 9, not {level!r}")
    # 16 more than the window asks zlib for gzip's own header.
    compressor = zlib.compressobj(level, wbits=16 + zlib.MAX_WBITS)
    return {"data": compressor.compress(data) + compressor.flush()}
