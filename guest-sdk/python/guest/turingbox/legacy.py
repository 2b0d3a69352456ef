"""Functions of the original system, called the way it called them.

Agents that `turingbox import` writes end with `main = turingbox.legacy.adapted(function, ["name"])`.
The function gets its inputs, and as `output` the names that its results are to have: these, or what a
step gives as `result_names`. It returns a result and a status: a dict is merged key by key, and
anything else is called by the first of these names. A name that is a result of another name, since
its workflow has an input of that one, is given with it: `{"name": "name_result"}`.
"""

import traceback

from .errors import LimitReached

# What a template reads as something else than a name; `names.rs` of the importer has the same.
_WORDS = frozenset(
    "and else false False if in is none None not or self true True".split()
)


_LONGEST = 90


def adapted(function, output):
    """`function` as an agent whose outputs are called `output` where a step calls them nothing else."""

    def main(result_names=output, **inputs):
        names, results = _split(result_names)
        try:
            result, status = function(**inputs, output=names)
            return {**_renamed(_named(result, names), results), "status": _checked(status)}
        except (MemoryError, LimitReached):
            raise
        except Exception as error:
            # A step that fails is no end: the next may ask `$status`.
            traceback.print_exception(error.with_traceback(error.__traceback__.tb_next))
            reason = f"{getattr(function, '__name__', 'the function')}: {type(error).__name__}: {error}"
            return _renamed(_failed(reason, names), results)

    return main


def unfinished(name, reason, output):
    """An agent of which there is not enough to run it."""

    def main(**inputs):
        return _failed(f"`{name}` is unfinished: {reason}", output)

    return main


def _split(result_names):
    """The names that a function gets, and the results that are called otherwise."""
    if not isinstance(result_names, list):
        return result_names, {}
    results = {}
    for pair in result_names:
        results.update(pair if isinstance(pair, dict) else {})
    return [name for entry in result_names for name in (entry if isinstance(entry, dict) else [entry])], results


def _renamed(named, results):
    return {results.get(name, name): value for name, value in named.items()}


def _named(result, output):
    if not isinstance(result, dict):
        return {_clean(output[0]): result}
    # Names that are no texts can be said by nobody, and how it went is for the status to say.
    named = {_clean(name): value for name, value in result.items() if isinstance(name, str)}
    named.pop("status", None)
    return named


def _checked(status):
    said = status["status"]
    return {"value": int(said["value"]), "reason": str(said.get("reason", ""))}


def _failed(reason, output):
    named = {_clean(output[0]): b""} if output else {}
    return {**named, "status": {"value": 1, "reason": reason}}


def _clean(name):
    """The name as a step says it; `names.rs` of the importer does the same."""
    name = name.strip(" \t\r\n")
    cleaned = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name[:_LONGEST])
    if not cleaned or cleaned[0].isdigit():
        cleaned = "_" + cleaned
    return cleaned + "_" if cleaned in _WORDS else cleaned
