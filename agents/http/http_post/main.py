from email.message import Message
from json import dumps
from urllib.parse import urlencode

import requests

FORM = "application/x-www-form-urlencoded"


def main(url, body, content_type=None, headers={}, timeout=30, binary=False, any_status=False):
    if not isinstance(headers, dict):
        raise ValueError(f"headers must be an object, not {type(headers).__name__}")
    data, kind = encoded(body, content_type)
    sent = {"Content-Type": kind} | {name: str(value) for name, value in headers.items()}
    try:
        answer = requests.post(url, data=data, headers=sent, timeout=timeout)
    except requests.RequestException as error:
        raise ValueError(str(error)) from None
    if answer.status_code >= 400 and not any_status:
        said = " ".join(answer.text.split())[:300]
        reason = f"{answer.url} gave {answer.status_code} {answer.reason}: {said or 'nothing more'}"
        return {}, {"status": {"value": 1, "reason": reason, "code": answer.status_code}}
    return {
        "body": answer.content if binary else text(answer),
        "code": answer.status_code,
        "headers": {name.lower(): value for name, value in answer.headers.items()},
        "url": answer.url,
    }


def encoded(body, kind):
    if isinstance(body, bytes):
        return body, kind or "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), kind or "text/plain; charset=utf-8"
    if kind and kind.partition(";")[0].strip().lower() == FORM:
        if not isinstance(body, dict):
            raise ValueError(f"a form is an object, not {type(body).__name__}")
        return urlencode(body, doseq=True).encode(), kind
    return dumps(body, ensure_ascii=False).encode(), kind or "application/json"


def text(answer):
    kind = Message()
    kind["content-type"] = answer.headers.get("content-type", "")
    charset = kind.get_content_charset("utf-8")
    try:
        return answer.content.decode(charset).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"{answer.url} is not {charset} text (byte {error.start}: {error.reason}); set binary"
        raise ValueError(message) from None
    except LookupError:
        raise ValueError(f"{answer.url} is in an encoding that is not known, {charset!r}; set binary") from None
