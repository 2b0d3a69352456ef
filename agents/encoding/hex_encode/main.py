def main(data, separator: str = "", upper=False):
    if isinstance(data, str):
        data = data.encode()
    if not isinstance(data, bytes):
        raise ValueError(f"data must be bytes or text, not {type(data).__name__}")
    digits = data.hex()
    digits = digits.upper() if upper else digits
    if separator:
        digits = separator.join(digits[at : at + 2] for at in range(0, len(digits), 2))
    return {"text": digits}
