def main(text):
    return {"count": len(text.split())}
