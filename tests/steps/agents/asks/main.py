def main():
    return open("/etc/passwd").read()
