import urllib.error
import urllib.request

import requests


def main(url):
    try:
        with_requests = requests.get(url, timeout=30).text
    except requests.exceptions.SSLError:
        with_requests = "SSLError"
    try:
        with_urllib = urllib.request.urlopen(url).read().decode()
    except urllib.error.URLError as error:
        with_urllib = f"URLError {type(error.reason).__name__}"
    return {"got": f"{with_requests}, {with_urllib}"}
