import time
from json import JSONDecodeError, dumps, loads

import requests

BUSY = (429, 502, 503, 504)
LONGEST_WAIT = 30


def main(url, model, prompt=None, system=None, messages=(), api="openai", api_key=None, temperature=None,
         max_tokens=None, schema=None, options={}, timeout=120, retries=2):  # fmt: skip
    if api not in APIS:
        raise ValueError(f"api must be one of {', '.join(APIS)}, not {api!r}")
    if not isinstance(options, dict):
        raise ValueError(f"options must be an object, not {type(options).__name__}")
    path, body, read = APIS[api]
    asked = body(model, conversation(prompt, system, messages), temperature, max_tokens, parsed(schema), options)
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    answer = ask(whole(url, path), asked, headers, timeout, retries)
    try:
        message, reason, usage = read(answer)
        return {
            "text": text_of(message.get("content")),
            "message": message,
            "finish_reason": reason,
            "usage": usage,
            "model": answer.get("model") or model,
        }
    except (AttributeError, IndexError, KeyError, TypeError):
        raise ValueError(f"the server's answer is not that of {api}: {dumps(answer)[:200]}") from None


def parsed(schema):
    try:
        return loads(schema) if isinstance(schema, str) else schema
    except JSONDecodeError as error:
        raise ValueError(f"schema is not JSON: {error}") from None


def conversation(prompt, system, messages):
    if not isinstance(messages, (list, tuple)):
        raise ValueError(f"messages must be a list, not {type(messages).__name__}")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise ValueError(f"message {number} must be an object with role and content, not {dumps(message)[:60]}")
    before = [] if system is None else [{"role": "system", "content": system}]
    after = [] if prompt is None else [{"role": "user", "content": prompt}]
    if not messages and not after:
        raise ValueError("there is nothing to ask; give a prompt or messages")
    return [*before, *messages, *after]


def whole(url, path):
    url = url.rstrip("/")
    return url if url.endswith(path) else url + path


def openai_body(model, messages, temperature, max_tokens, schema, options):
    body = {"model": model, "messages": messages, "temperature": temperature, "max_tokens": max_tokens}
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return {key: value for key, value in body.items() if value is not None} | options


def openai_read(answer):
    choice, usage = answer["choices"][0], answer.get("usage") or {}
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return choice["message"], choice.get("finish_reason") or "", {name: usage.get(name) for name in names}


def ollama_body(model, messages, temperature, max_tokens, schema, options):
    own = {"temperature": temperature, "num_predict": max_tokens}
    body = {"model": model, "messages": messages, "stream": False}
    body["options"] = {key: value for key, value in own.items() if value is not None} | options
    return body if schema is None else body | {"format": schema}


def ollama_read(answer):
    asked, given = answer.get("prompt_eval_count"), answer.get("eval_count")
    total = None if asked is None or given is None else asked + given
    usage = {"prompt_tokens": asked, "completion_tokens": given, "total_tokens": total}
    return answer["message"], answer.get("done_reason") or "", usage


APIS = {
    "openai": ("/chat/completions", openai_body, openai_read),
    "ollama": ("/api/chat", ollama_body, ollama_read),
}


def ask(url, body, headers, timeout, retries):
    for attempt in range(retries + 1):
        # The key is for this server alone: no redirect is followed.
        try:
            answer = requests.post(url, json=body, headers=headers, timeout=timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise ValueError(str(error)) from None
        if answer.status_code not in BUSY or attempt == retries:
            break
        asked = answer.headers.get("retry-after", "")
        time.sleep(min(int(asked) if asked.isdecimal() else 2**attempt, LONGEST_WAIT))
    if not 200 <= answer.status_code < 300:
        raise RuntimeError(f"{url} gave {answer.status_code} {answer.reason}: {complaint(answer)}")
    try:
        return answer.json()
    except ValueError:
        start = " ".join(answer.text.split())[:100]
        raise ValueError(f"{url} gave no JSON, but {start!r}; is it the address of the API?") from None


def complaint(answer):
    """What the server says, out of the JSON that it mostly says it in."""
    try:
        said = answer.json()["error"]
        said = said.get("message", said) if isinstance(said, dict) else said
    except (KeyError, TypeError, ValueError):
        said = answer.text
    return " ".join(str(said).split())[:300] or answer.headers.get("location") or "nothing more"


def text_of(content):
    """Some servers give a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content)
    return content or ""
