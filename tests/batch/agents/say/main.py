def main(text):
    if text == "fine":
        return text
    if text == "open":
        open("/etc/passwd")
    raise ValueError(text)
