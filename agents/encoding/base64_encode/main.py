import base64


def main(data, urlsafe=False):
    if isinstance(data, str):
        data = data.encode()
    if not isinstance(data, bytes):
        raise ValueError(f"data must be bytes or text, not {type(data).__name__}")
    return {"text": base64.b64encode(data, b"-_" if urlsafe else None).decode()}
