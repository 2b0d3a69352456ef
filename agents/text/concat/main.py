def main(first, second, separator=""):
    return {"text": f"{first}{separator}{second}"}
