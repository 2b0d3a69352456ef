import urllib.request

import requests


def raised(attempt):
    try:
        return repr(attempt())
    except (OSError, ValueError) as error:
        return [kind.__name__ for kind in type(error).__mro__[:2]]


def main(base):
    session = requests.Session()
    session.headers["X-Shared"] = "yes"
    session.get(f"{base}/cookie")
    redirected = requests.post(f"{base}/redirect", data={"a": "b c"}, auth=("user", "secret"))
    kept = requests.post(f"{base}/again", json={"a": 1})
    asked = session.get(f"{base}/a/../echo", params={"q": ["1 2", "é"], "none": None}, headers={"Accept": None}).json()
    elsewhere = requests.get(f"{base}/elsewhere", auth=("user", "secret")).json()
    relative = [requests.get(f"{base}{path}").json()["target"] for path in ("/a/beside", "/next", "/query", "/whose")]
    zipped = requests.get(f"{base}/gzip")
    reasons = [requests.get(f"{base}/reason").reason, requests.get(f"{base}/wordless").reason]
    reasons.append(urllib.request.urlopen(f"{base}/reason").reason)
    following = requests.get(f"{base}/redirect", allow_redirects=False).next
    missing = requests.get(f"{base}/missing")
    return {
        "redirected": [redirected.json()["method"], redirected.json()["body"], [r.status_code for r in redirected.history]],
        "authorised": redirected.json()["headers"].get("authorization"),
        "kept": [kept.json()["method"], kept.json()["body"]],
        "asked": [asked["target"], asked["headers"].get("cookie"), asked["headers"].get("x-shared")],
        "accept": asked["headers"].get("accept"),
        "elsewhere": elsewhere["headers"].get("authorization"),
        "relative": relative,
        "zipped": [zipped.text, zipped.encoding, zipped.headers["CONTENT-TYPE"], list(zipped.iter_lines())[0].decode()],
        "reasons": reasons,
        "next": [following.method, following.path_url, zipped.next],
        "missing": [missing.ok, missing.reason, missing.status_code == requests.codes.not_found],
        "raised": [
            raised(missing.raise_for_status),
            raised(missing.json),
            raised(lambda: requests.get(f"{base}/loop")),
            raised(lambda: requests.get(f"{base}/slow", timeout=0.2)),
            raised(lambda: requests.get(f"{base}/broken")),
            raised(lambda: requests.get("example.com")),
            raised(lambda: requests.get("ftp://example.com")),
            raised(lambda: requests.get(f"{base}/echo", verify=False)),
            raised(lambda: requests.get(f"{base}/echo", headers={"X": "a\r\nY: b"})),
        ],
    }
