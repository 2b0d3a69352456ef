import json.decoder


def tried(attempt, *arguments, **named):
    """What an attempt got: a list of one, or of nothing."""
    try:
        return [repr(attempt(*arguments, **named))]
    except (ImportError, LookupError, AttributeError, PermissionError):
        return []

def main():
    return [
        *tried(lambda: json.decoder.re.compile),
        *tried(lambda: vars(json.decoder)["re"].compile),
        *tried(getattr, json.decoder, "r" + "e"),
        *tried(exec, "from json.decoder import re", {}),
        *tried(exec, "import re", {}),
        *tried(lambda: json.codecs),
    ]
