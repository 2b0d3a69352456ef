import http.client
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import requests


def opened(url, headers={}):
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers)).status
    except OSError as error:
        return [type(error).__name__, type(error.reason).__name__]


def got(base, target):
    """What a request got that was put together by hand."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc)
    connection.putrequest("GET", target)
    connection.endheaders()
    try:
        return connection.getresponse().status
    except http.client.InvalidURL as error:
        return type(error).__name__
    finally:
        connection.close()


def main(base):
    try:
        http.client.HTTPConnection(urlsplit(base).netloc).request("GET", "http://169.254.169.254/latest")
    except http.client.InvalidURL as error:
        absolute = ["InvalidURL", type(error).__name__]
    try:
        requests.get(f"{base}/away")
    except requests.ConnectionError as error:
        away = type(error).__name__
    return [
        opened(f"{base}/echo;x"),
        opened(f"{base}/echo", {"Host": "other.example"}),
        opened("http://other.example/"),
        absolute,
        [got(base, "http://169.254.169.254/latest"), got(base, "*")],
        [away, " ".join(opened(f"{base}/away"))],
    ]
