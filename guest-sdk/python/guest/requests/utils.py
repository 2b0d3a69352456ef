"""Small things that callers use, too."""

from email.message import Message
from string import hexdigits
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

# What a path and a query may hold as it is.
PATH = "!$&'()*+,/:=@~"
QUERY = "!$&'()*+,/:;=?@[]~"


def requote_uri(url):
    """Quotes what no URL can hold, leaves what is quoted, and takes `.` and `..` out of the path."""
    parts = urlsplit(url)
    path = _quoted(parts.path or "/", PATH)
    if not path.startswith("//"):
        path = urlsplit(urljoin("http://host/", path)).path
    whole = parts._replace(path=path, query=_quoted(parts.query, QUERY), fragment=_quoted(parts.fragment, QUERY))
    return urlunsplit(whole)


def _quoted(text, safe):
    first, *rest = text.split("%")
    quoted = [quote(first, safe=safe)]
    for part in rest:
        is_code = len(part) > 1 and part[0] in hexdigits and part[1] in hexdigits
        quoted.append(("%" if is_code else "%25") + quote(part, safe=safe))
    return "".join(quoted)


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
