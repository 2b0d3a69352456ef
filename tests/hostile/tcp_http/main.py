import urllib.request


def main():
    got = []
    for url in ["http://127.0.0.1/", "http://example.com/", "ftp://127.0.0.1/", "file:///etc/passwd"]:
        try:
            got.append(urllib.request.urlopen(url).read(20).hex())
        except OSError:
            pass
    return got
