import requests


def main(url):
    return requests.get(url, timeout=5).text
