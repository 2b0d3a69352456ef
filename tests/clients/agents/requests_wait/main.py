import requests
from turingbox import http


def tried(attempt):
    try:
        return attempt().text
    except (OSError, ValueError) as error:
        return type(error).__name__


def main(base):
    never = base.replace("127.0.0.1", "never.test") + "/echo"
    return [
        [tried(lambda: requests.get(f"{base}/pieces", timeout=wait)) for wait in [5, (5, 5), (5, None)]],
        [
            tried(lambda: requests.get(f"{base}{path}", timeout=wait))
            for path in ["/silent", "/half"]
            for wait in [0.5, (None, 0.5)]
        ],
        [tried(lambda: requests.get(never, timeout=wait)) for wait in [0.5, (0.5, None), (0.5, 60)]],
        [tried(lambda: requests.get(f"{base}/echo", timeout=wait)) for wait in [0, -1, (1, 0), (1, 2, 3)]],
        [
            tried(lambda: http.send("GET", f"{base}/pieces", timeout=1)),
            tried(lambda: http.send("GET", f"{base}/silent", read=0.5)),
            tried(lambda: http.send("GET", never, connect=0.5)),
        ],
    ]
