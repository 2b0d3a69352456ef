from email.message import Message

import requests


def main(url, query={}, headers={}, timeout=30, binary=False, any_status=False):
    sent = {name: str(value) for name, value in checked("headers", headers).items()}
    try:
        answer = requests.get(url, params=written(checked("query", query)), headers=sent, timeout=timeout)
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


def checked(name, value):
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object, not {type(value).__name__}")
    return value


def written(query):
    """As JSON has them: true and not True. What is null is left out."""

    def plain(value):
        return str(value).lower() if isinstance(value, bool) else value

    return {key: list(map(plain, value)) if isinstance(value, list) else plain(value) for key, value in query.items()}


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
