import base64
import hmac

ALGORITHMS = ("sha256", "sha512", "sha384", "sha1", "md5")
ENCODINGS = {
    "hex": bytes.hex,
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
}


def main(data, key: str | bytes, algorithm="sha256", encoding: str = "hex", expected: str | None = None):
    if algorithm not in ALGORITHMS:
        raise ValueError(f"no algorithm {algorithm!r}; there is {', '.join(ALGORITHMS)}")
    if encoding not in ENCODINGS:
        raise ValueError(f"no encoding {encoding!r}; there is {', '.join(ENCODINGS)}")
    if isinstance(data, str):
        data = data.encode()
    if not isinstance(data, bytes):
        raise ValueError(f"data must be bytes or text, not {type(data).__name__}")
    key = key.encode() if isinstance(key, str) else key
    if not key:
        raise ValueError("key is empty; without one anybody can sign")
    signature = ENCODINGS[encoding](hmac.digest(key, data, algorithm))
    if expected is None:
        return {"signature": signature}
    given, wanted = comparable(expected, encoding), comparable(signature, encoding)
    return {"signature": signature, "valid": hmac.compare_digest(given.encode(), wanted.encode())}


def comparable(signature, encoding):
    """Hexadecimal has two spellings, and base64url may have its padding."""
    return signature.lower() if encoding == "hex" else signature.rstrip("=")
