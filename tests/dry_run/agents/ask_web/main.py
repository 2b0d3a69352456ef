import json
import urllib.request

import requests
from turingbox import http


def main(base):
    with urllib.request.urlopen(f"{base}/urllib") as response:
        got = [response.status, json.load(response)]
    answer = requests.post(f"{base}/requests", json={"a": 1}, timeout=5)
    got += [answer.status_code, answer.headers["content-type"], answer.json()]
    head = requests.head(f"{base}/requests")
    got += [head.status_code, head.text]
    return got + [http.get(f"{base}/own").body.decode() for _ in range(3)]
