def main(text, minimum=1):
    return {"count": sum(len(word) >= minimum for word in text.split())}
