import hashlib

ALGORITHMS = ("sha256", "sha512", "sha3_256", "blake2b", "sha1", "md5")


def main(data, algorithm="sha256"):
    if algorithm not in ALGORITHMS:
        raise ValueError(f"no algorithm {algorithm!r}; there is {', '.join(ALGORITHMS)}")
    if isinstance(data, str):
        data = data.encode()
    if not isinstance(data, bytes):
        raise ValueError(f"data must be bytes or text, not {type(data).__name__}")
    return {"digest": getattr(hashlib, algorithm)(data).hexdigest()}
