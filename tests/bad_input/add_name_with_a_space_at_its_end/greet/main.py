def main(name):
    return {"text": f"Hello, {name}!"}
