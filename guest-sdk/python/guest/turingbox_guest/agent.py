"""The agent: its module, its function, and the call."""

import difflib
import inspect
import linecache
import marshal
import sys
from annotationlib import Format
from types import ModuleType

from . import failures, imports, packages, randomness, values
from .failures import MODULE, FailureKind, failure

# Values in words, by the names of their types: the same that agents in Rust have for them.
KINDS = {
    "str": "text", "bytes": "bytes", "bool": "true or false", "int": "a number", "float": "a number",
    "list": "a JSON list", "dict": "a JSON object", "NoneType": "null", "None": "null",
}  # fmt: skip

_function = None
_declared = ()


def compiled(source):
    """The source as bytecode, for `load` here or in another instance."""
    _keep_lines(source)
    try:
        return marshal.dumps(compile(source.text, source.name, "exec", dont_inherit=True))
    except SyntaxError as error:
        place = f"{source.name}:{error.lineno}" if error.lineno else source.name
        raise failure(FailureKind.SOURCE, f"{place}: {error.msg}", failures.summary(error)) from None
    except Exception as error:
        if isinstance(error, MemoryError) and not error.args:
            raise  # The parser's own, for source that is nested too deeply, has a message.
        message = f"{source.name}: can't be compiled: {failures.headline(error)}"
        raise failure(FailureKind.SOURCE, message) from None


def load(source, bytecode, options):
    """Runs the bytecode as a module, and keeps the function that `run` calls."""
    global _function, _declared
    randomness.ensure()
    _keep_lines(source)
    namespace, code = _module(source), marshal.loads(bytecode)
    if options.has_packages:
        packages.install()
    if options.guard_imports:
        imports.guard()
    try:
        exec(code, namespace)
    except BaseException as error:
        raise failures.raised(error) from None
    _function = _found(namespace, source)
    _declared = source.outputs


def run(inputs):
    """Calls the function with the inputs as keyword arguments."""
    arguments = {field.name: values.decoded(field) for field in inputs}
    try:
        result = _function(**arguments)
    except BaseException as error:
        raise _misfit(error, arguments) or _mistaken(error, arguments) or failures.raised(error) from None
    return values.fields(result, _declared)


def reset():
    """Forgets the agent."""
    global _function, _declared
    _function, _declared = None, ()
    # As if there were none; but its place in the table stays, and `load` fills it in.
    sys.modules[MODULE] = None
    linecache.clearcache()


def _module(source):
    """A fresh module, registered so that `pickle`, dataclasses and type hints can find it."""
    module = sys.modules[MODULE] = ModuleType(MODULE)
    module.__file__ = source.name
    return module.__dict__


def _keep_lines(source):
    """Lets tracebacks show the source."""
    lines = source.text.splitlines(keepends=True)
    # Without a time of change, an entry is never compared with a file.
    linecache.cache[source.name] = (len(source.text), None, lines, source.name)


def _found(namespace, source):
    name = source.function
    try:
        function = namespace[name]
    except KeyError:
        message = f"{source.name} has no function `{name}`{_alternatives(namespace, name)}"
        raise failure(FailureKind.SOURCE, message) from None
    if not callable(function):
        kind = type(function).__name__
        raise failure(FailureKind.SOURCE, f"`{name}` in {source.name} is no function, but {kind}")
    return function


def _alternatives(namespace, name):
    functions = [
        key
        for key, value in namespace.items()
        if inspect.isfunction(value) and value.__module__ == MODULE
    ]
    if not functions:
        return "; it defines none"
    nearest = difflib.get_close_matches(name, functions, n=1)
    meant = f" (did you mean `{nearest[0]}`?)" if nearest else ""
    return f"{meant}; it defines {_listed(functions)}"


def _misfit(error, arguments):
    """The failure for a call that never began: it didn't fit the function's parameters."""
    if not isinstance(error, TypeError) or error.__traceback__.tb_next:
        return None
    try:
        signature = inspect.signature(_function, annotation_format=Format.STRING)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(**arguments)
    except TypeError as reason:
        faults = _faults(signature, arguments) or [str(reason)]
        name = getattr(_function, "__name__", "the function")
        shown = signature.format(quote_annotation_strings=False)
        return failure(FailureKind.ERROR, f"{name}{shown} {' and '.join(faults)}")
    return None


def _mistaken(error, arguments):
    """The failure for a call that ended on an input of another type than the function says it takes.

    Nobody looks at types before: for Python they are hints, and many functions take more than they say.
    """
    if not isinstance(error, (AttributeError, TypeError)):
        return None
    try:
        annotations = _function.__annotations__
    except Exception:
        # It has none, or they are names of nothing.
        return None
    for name, value in arguments.items():
        said = annotations.get(name)
        said = said.__name__ if isinstance(said, type) else str(said or "")
        wanted = [KINDS.get(part) for part in said.split(" | ")]
        given = KINDS[type(value).__name__]
        if None not in wanted and given not in wanted:
            message = f"the input `{name}` is to be {' or '.join(wanted)}, not {given}"
            return failure(FailureKind.ERROR, message)
    return None


def _faults(signature, arguments):
    named = {
        parameter.name: parameter
        for parameter in signature.parameters.values()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    open_ended = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    unknown = [] if open_ended else [name for name in arguments if name not in named]
    missing = [
        name
        for name, parameter in named.items()
        if parameter.default is parameter.empty and name not in arguments
    ]
    faults = [f"takes no input {_listed(unknown)}"] if unknown else []
    return faults + ([f"needs the input {_listed(missing)}"] if missing else [])


def _listed(names):
    return ", ".join(f"`{name}`" for name in names[:20]) + (", …" if len(names) > 20 else "")
