def main(text, separator=","):
    return {"parts": text.split(separator) if separator else list(text)}
