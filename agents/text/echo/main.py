def main(input):
    return {"output": input}
