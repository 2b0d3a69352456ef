def main(parts, separator=""):
    if not isinstance(parts, list):
        raise ValueError(f"parts must be a list of texts, not {type(parts).__name__}")
    for position, part in enumerate(parts):
        if not isinstance(part, str):
            raise ValueError(f"parts[{position}] is {part!r}; join takes texts only")
    return {"text": separator.join(parts)}
