"""Small things that callers use, too."""

from email.message import Message
from urllib.parse import quote, unquote, urlsplit

# What an URL may hold as it is; `%` for what is quoted already.
SAFE = "!#$%&'()*+,/:;=?@[]~"


def requote_uri(url):
    """Quotes what no URL can hold, and leaves what is quoted."""
    return quote(url, safe=SAFE)


def get_encoding_from_headers(headers):
    """The encoding that a `Content-Type` says, or stands for."""
    if not headers.get("content-type"):
        return None
    message = Message()
    message["content-type"] = headers["content-type"]
    charset = message.get_param("charset")
    if isinstance(charset, str):
        return charset.strip("'\"")
    kind = message.get_content_type()
    if "text" in kind:
        return "ISO-8859-1"
    return "utf-8" if "application/json" in kind else None


def get_auth_from_url(url):
    """The name and the password in an URL."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")


def default_user_agent(name="turingbox-requests"):
    return name


def parse_header_links(value):
    """`<url>; rel="next"` as a list of dicts."""
    links = []
    for part in value.strip(" '\"").split(", <") if value else ():
        url, _, rest = part.partition(";")
        link = {"url": url.strip("<> '\"")}
        for parameter in filter(None, rest.split(";")):
            key, equals, text = parameter.partition("=")
            if equals:
                link[key.strip(" '\"")] = text.strip(" '\"")
        links.append(link)
    return links
