quote = f"{'"'}"
name = "json"


def main():
    return __import__(name).dumps(quote)
