import requests
from turingbox import call, http, log, sql

HALF = "\ud800"
URL = "https://example.com/"

TRIES = {
    "sql_database": lambda odd: sql.query(odd, "select 1"),
    "sql_statement": lambda odd: sql.query("shop", odd),
    "sql_parameter": lambda odd: sql.query("shop", "select ?", [odd]),
    "call_agent": lambda odd: call.run(odd),
    "call_input": lambda odd: call.run("echo", input=odd),
    "call_name": lambda odd: call.run("echo", **{odd: "a"}),
    "http_method": lambda odd: http.send(odd, URL),
    "http_url": lambda odd: http.get(odd),
    "http_header": lambda odd: http.get(URL, {odd: "a"}),
    "http_value": lambda odd: http.get(URL, {"a": odd}),
    "http_body": lambda odd: http.send("POST", URL, body=odd),
    "requests_header": lambda odd: requests.get(URL, headers={odd: "a"}),
    "log": log.info,
}


def main():
    return {name: [tried(what, odd) for odd in (HALF, 5)] for name, what in TRIES.items()}


def tried(what, odd):
    try:
        what(odd)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
