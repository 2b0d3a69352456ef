"""`codes.ok`, `codes.not_found`, `codes["not_found"]`: numbers by their names."""

from http import HTTPStatus

SHORT = {"ok": 200, "okay": 200, "all_good": 200, "moved": 301, "redirect": 302, "other": 303, "temporary": 307,
         "permanent_redirect": 308, "bad": 400, "denied": 403, "server_error": 500, "unavailable": 503}  # fmt: skip


class Codes:
    """Names in lower and in upper case."""

    def __init__(self):
        names = {status.name.lower(): status.value for status in HTTPStatus} | SHORT
        vars(self).update({spelt: code for name, code in names.items() for spelt in (name, name.upper())})

    def __getitem__(self, name):
        return vars(self).get(name)

    def get(self, name, default=None):
        return vars(self).get(name, default)


codes = Codes()
