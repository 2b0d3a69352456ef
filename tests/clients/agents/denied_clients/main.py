import urllib.error
import urllib.request

import requests
from turingbox import Denied, http


def main(base):
    got = []
    try:
        requests.get(f"{base}/echo")
    except requests.ConnectionError as error:
        got.append([type(error).__name__, isinstance(error, PermissionError), "GET" in str(error)])
    try:
        urllib.request.urlopen(f"{base}/echo")
    except urllib.error.URLError as error:
        got.append([type(error.reason).__name__, isinstance(error.reason, PermissionError)])
    try:
        http.get(f"{base}/echo")
    except Denied as error:
        got.append(["Denied", isinstance(error, PermissionError)])
    return got
