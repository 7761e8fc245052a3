"""How rows leave the sandbox: as one JSON text that is made inside, and judged once more outside."""

from __future__ import annotations

import orjson

from holdfast.errors import ProgramFailed

# Runs before the prelude, and takes what it needs of the builtins then: a program may use `type` for a name of its own.
# JSON would quietly turn keys into text, and one of two that look the same would be lost.
MAKE_ENDING = """
import json as _json

def _ended(
    rows, most_bytes, bool=bool, dict=dict, dumps=_json.dumps, float=float, int=int, isinstance=isinstance, len=len,
    list=list, str=str, tuple=tuple, type=type, ValueError=ValueError, TypeError=TypeError,
):
    if not isinstance(rows, list):
        return "flawed", "`result` must be a list of records, and is of type " + type(rows).__name__
    for row in rows:
        if not isinstance(row, dict):
            return "flawed", "each row of `result` must be a dictionary, and one is of type " + type(row).__name__
    try:
        text = dumps(rows, allow_nan=False)
    except (ValueError, TypeError) as error:
        return "flawed", "`result` cannot be written as JSON: " + str(error)
    if len(text) > most_bytes:
        return "too_large", ""
    inner = [rows]
    while inner:
        value = inner.pop()
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    return "flawed", "the keys of a record must be text, and one is of type " + type(key).__name__
            inner.extend(value.values())
        elif isinstance(value, (list, tuple)):
            inner.extend(value)
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            return "flawed", "a number of `result` has more than 64 bits; write it as text"
    return "rows", text

None
"""

_ADVICE = "use text, numbers, true, false, None, lists and dictionaries only"


def end(most_bytes: int) -> str:
    """The program's last statement, whose value is what `rows_text` takes."""
    return f"_ended(result, {most_bytes})"


def rows_text(outcome: object) -> str | None:
    """The JSON text of a list of records; None where it is too large. Raises ProgramFailed for anything else.

    Nothing that comes out of a sandbox is believed: the text is parsed once more.
    """
    match outcome:
        case ("rows", str(text)):
            return _verified(text)
        case ("too_large", _):
            return None
        case ("flawed", str(words)):
            raise ProgramFailed(f"The program ran, but {words}; {_ADVICE}.")
    raise ProgramFailed(f"The program ran, but left no rows in `result`; {_ADVICE}.")


def _verified(text: str) -> str:
    try:
        rows = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise ProgramFailed(f"The program ran, but `result` is no JSON ({error}); {_ADVICE}.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ProgramFailed("The program ran, but `result` must be a list of dictionaries.")
    return text
