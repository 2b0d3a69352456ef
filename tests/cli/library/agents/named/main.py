def main(output, policy):
    return f"{output} {policy}"
