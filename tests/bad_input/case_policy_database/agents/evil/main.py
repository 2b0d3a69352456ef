def main():
    return open("/etc2/passwd").read()
