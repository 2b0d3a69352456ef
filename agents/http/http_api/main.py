import time
from base64 import b64encode
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from json import JSONDecodeError, dumps, loads
from urllib.parse import urljoin, urlsplit

import requests

BUSY = (429, 503)
BROKEN = (500, 502, 504)
MOST_REDIRECTS = 10
PORTS = {"http": 80, "https": 443}


def main(url, method="GET", query={}, body=None, headers={}, token=None, auth="bearer", auth_name="X-API-Key",
         retries=3, wait=1, max_wait=30, timeout=30, pages=1, next=None, cursor=None, items=None):  # fmt: skip
    query, headers = written(checked("query", query)), dict(checked("headers", headers))
    if cursor is not None and next is None:
        raise ValueError("cursor says where to send what `next` leads to; give next as well")
    authenticate(token, auth, auth_name, query, headers)
    client = Client(method, headers, encoded(body), retries, wait, max_wait, timeout)
    target, collected, fetched = url, None, 0
    while True:
        try:
            answer = client.ask(target, query)
        except Refused as refused:
            return {}, {"status": {"value": 1, "reason": str(refused), "code": refused.code}}
        value = parsed(answer)
        fetched += 1
        found = listed(value, items)
        if found is not None:
            collected = (collected or []) + found
        following = after(answer, value, next)
        if following is None or fetched >= pages:
            break
        target, query = turned(url, answer, query, following, cursor, token if auth == "query" else None, auth_name)
    result = {
        "json": value,
        "code": answer.status_code,
        "headers": {name.lower(): value for name, value in answer.headers.items()},
        "pages": fetched,
        "more": following is not None,
    }
    return result if collected is None else result | {"items": collected}


def checked(name, value):
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object, not {type(value).__name__}")
    return value


def written(query):
    """As JSON has them: true and not True. What is null is left out."""

    def plain(value):
        return str(value).lower() if isinstance(value, bool) else value

    return {key: list(map(plain, value)) if isinstance(value, list) else plain(value) for key, value in query.items()}


def authenticate(token, auth, name, query, headers):
    if token is None:
        return
    if auth == "bearer":
        headers["Authorization"] = f"Bearer {token}"
    elif auth == "basic":
        headers["Authorization"] = "Basic " + b64encode(token.encode()).decode()
    elif auth == "header":
        headers[name] = token
    elif auth == "query":
        query[name] = token
    else:
        raise ValueError(f"auth must be bearer, basic, header or query, not {auth!r}")


def encoded(body):
    if body is None:
        return None
    if isinstance(body, str):
        try:
            loads(body)
        except JSONDecodeError as error:
            raise ValueError(f"body is not JSON: {error}") from None
        return body.encode()
    return dumps(body, ensure_ascii=False).encode()


class Refused(RuntimeError):
    def __init__(self, reason, code):
        super().__init__(reason)
        self.code = code


class Client:
    """Asks one server until it answers, or there is no use in asking again."""

    def __init__(self, method, headers, body, retries, wait, max_wait, timeout):
        self.method, self.body, self.timeout = method, body, timeout
        self.retries, self.wait, self.max_wait = retries, wait, max_wait
        self.headers = {"Accept": "application/json"} | {name: str(value) for name, value in headers.items()}
        if body is not None and "content-type" not in map(str.lower, self.headers):
            self.headers["Content-Type"] = "application/json"
        # What was asked for twice may have been done twice.
        self.again = BUSY if method in ("POST", "PATCH") else BUSY + BROKEN

    def ask(self, url, query):
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            pause = min(self.wait * 2**attempt, self.max_wait)
            try:
                answer = self.send(url, query)
            except requests.RequestException as error:
                is_unsteady = isinstance(error, (requests.ConnectionError, requests.Timeout))
                if last or self.again is BUSY or isinstance(error, PermissionError) or not is_unsteady:
                    raise ValueError(str(error)) from None
                time.sleep(pause)
                continue
            if answer.status_code < 400:
                return answer
            asked = asked_wait(answer)
            if last or answer.status_code not in self.again or (asked or 0) > self.max_wait:
                reason = refusal(self.method, answer, attempt + 1, asked, self.max_wait)
                raise Refused(reason, answer.status_code)
            time.sleep(pause if asked is None else asked)

    def send(self, url, query):
        for _ in range(MOST_REDIRECTS):
            answer = requests.request(
                self.method, url, params=query, data=self.body, headers=self.headers, timeout=self.timeout,
                allow_redirects=False,
            )  # fmt: skip
            target = answer.next_url()
            if target is None:
                return answer
            # Who we are is for this server alone, and a change of data is not asked for elsewhere.
            if self.method not in ("GET", "HEAD") or origin(target) != origin(url):
                raise RuntimeError(f"{answer.url} leads on to {target}; if that is right, ask there")
            url, query = target, {}
        raise RuntimeError(f"{url} leads on and on, {MOST_REDIRECTS} times")


def origin(url):
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def asked_wait(answer):
    """The seconds of Retry-After, which has a number or a date."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return int(asked)
    try:
        date = parsedate_to_datetime(asked)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return max(0, (date - datetime.now(timezone.utc)).total_seconds())


def refusal(method, answer, attempts, asked, max_wait):
    said = " ".join(answer.text.split())[:300]
    times = f" {attempts} times" if attempts > 1 else ""
    message = f"{method} {answer.url} gave {answer.status_code} {answer.reason}{times}: {said or 'nothing more'}"
    return message if (asked or 0) <= max_wait else f"{message} (it asks for {asked:.0f} s, and max_wait is {max_wait})"


def parsed(answer):
    if not answer.content.strip():
        return None
    try:
        return answer.json()
    except ValueError:
        kind = answer.headers.get("content-type", "nothing that it names")
        start = " ".join(answer.text.split())[:100]
        raise ValueError(f"{answer.url} gave {kind} and not JSON, beginning {start!r}") from None


def listed(value, path):
    if path is None:
        return value if isinstance(value, list) else None
    found = at(value, path)
    if not isinstance(found, list):
        raise ValueError(f"there is no list at {path} in the answer, but {dumps(found, ensure_ascii=False)[:100]}")
    return found


def at(value, path):
    for key in path.split("."):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def after(answer, value, path):
    """What the answer says about the next page; None where this is the last."""
    if path is None:
        return answer.links.get("next", {}).get("url")
    found = at(value, path)
    if found is None or found is False or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        raise ValueError(f"at {path} there is {dumps(found, ensure_ascii=False)[:100]}, and no address or value")
    return found


def turned(url, answer, query, following, cursor, token, name):
    """The address and the query of the next page. It has to be on the same server: the token is for no other."""
    if cursor is not None:
        return url, query | {cursor: following}
    target = urljoin(answer.url, str(following))
    if origin(target) != origin(url):
        raise RuntimeError(f"the next page is on another server, {target}; if that is right, ask there")
    return target, {} if token is None or f"{name}=" in target else {name: token}
