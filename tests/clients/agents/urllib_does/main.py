import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit


def failed(url, **named):
    try:
        urllib.request.urlopen(url, **named)
    except urllib.error.HTTPError as error:
        return ["HTTPError", error.code]
    except urllib.error.URLError as error:
        return ["URLError", type(error.reason).__name__]
    except OSError as error:
        return [type(error).__name__]


def main(base):
    with urllib.request.urlopen(f"{base}/redirect", timeout=5) as response:
        redirected = [response.status, urlsplit(response.url).path, json.load(response)["method"]]
    relative = []
    for path in ("/a/beside", "/next", "/query", "/whose"):
        with urllib.request.urlopen(f"{base}{path}", timeout=5) as response:
            relative.append(json.load(response)["target"])
    request = urllib.request.Request(f"{base}/echo", data=b"x=1", headers={"X-Own": "yes"}, method="PUT")
    with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(request) as response:
        put = json.load(response)
    connection = http.client.HTTPConnection(urlsplit(base).netloc)
    connection.request("POST", "/echo", body=iter([b"one", b"two"]))
    chunked = json.loads(connection.getresponse().read())
    connection.putrequest("GET", "/echo?x")
    connection.putheader("X-Own", "again")
    connection.endheaders()
    again = json.loads(connection.getresponse().read())
    connection.request("HEAD", "/echo")
    head = connection.getresponse()
    return {
        "redirected": redirected,
        "relative": relative,
        "put": [put["method"], put["body"], put["headers"]["x-own"], put["headers"]["content-length"]],
        "chunked": [chunked["body"], chunked["headers"]["content-length"]],
        "again": [again["target"], again["headers"]["x-own"]],
        "head": [head.status, head.read().decode()],
        "failed": [failed(f"{base}/missing"), failed(f"{base}/loop"), failed(f"{base}/slow", timeout=0.2),
                   failed(base.replace("http:", "https:") + "/echo")],
    }
