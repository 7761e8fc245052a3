"""The static type check of a program against its interface's stubs. Nothing of the program runs."""

from __future__ import annotations

import asyncio
import re
from typing import Literal, TypedDict

from pydantic import BaseModel, TypeAdapter
from pydantic_monty import (
    AsyncMontySession,
    CollectString,
    MontyRuntimeError,
    MontySyntaxError,
    MontyTypingError,
    ResourceLimits,
)

from holdfast.errors import ProgramRefused
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.tree import Finding

# A large program takes 0.1 s; what takes much longer was made to.
_LONGEST_SECONDS = 10.0

# What `result` must be. Rows that are TypedDicts are Mappings, not dictionaries. No `_`: stubs keep such names private.
# And what the sandbox's Python has while the checker's does not know of it.
_ENDING_STUBS = """

from typing import Any as _Any, Callable as _Callable, Iterable as _Iterable, Iterator as _Iterator
from typing import Mapping as _Mapping, Sequence as _Sequence, TypeVar as _TypeVar
_Given = _TypeVar("_Given")
_Made = _TypeVar("_Made")
class PermissionError(OSError): ...
def map(function: _Callable[..., _Made], *values: _Iterable[_Any]) -> _Iterator[_Made]: ...
def filter(function: _Callable[[_Given], object] | None, values: _Iterable[_Given]) -> _Iterator[_Given]: ...
def format(value: object, form: str = "") -> str: ...
def holdfast_rows(result: _Sequence[_Mapping[str, object]]) -> None: ...
holdfast_start: None
"""
_ENDING = "\nholdfast_rows(result)\n"
# Types are checked before the first instruction, which asks the host for a name, gets none, and ends the program there.
_BEGINNING = "holdfast_start\n"
_ENDED = "name 'holdfast_start' is not defined"

_LIMITS: ResourceLimits = {"max_memory": 64 << 20}


class _Location(BaseModel):
    row: int


class _Diagnostic(BaseModel):
    filename: str
    location: _Location
    message: str
    name: str


_DIAGNOSTICS = TypeAdapter(list[_Diagnostic])
_PROGRAM_FILE = "program.py"
# What the checker says of rows' own `row[key]` and `row.get(key)`, and of what may be None; and the plain words for it.
_PLAINLY = (
    (
        re.compile(r'.*`__getitem__`.* key of type `Literal\["(.*)"\]` on object of type `(\w+)`'),
        r"`\2` has no key `\1`",
    ),
    (
        re.compile(r"No overload of bound method `(\w+)\.get` matches arguments"),
        r"`\1` has no key that `.get` asks for here",
    ),
    (
        re.compile(r"No overload of (?:function|bound method) `(sorted|list\.sort|min|max)` matches arguments"),
        r'`\1` compares what may be None here; let the key end with `or ""`, like `key=lambda row: row["name"] or ""`',
    ),
    (
        re.compile(r"Attribute `(\w+)` is not defined on `None` in union `.*`"),
        r'what `.\1` is taken of may be None here; write `(… or "").\1`, or test it before',
    ),
)

# Whether a key may be None is no matter to a dictionary: it has no such key.
_HARMLESS = re.compile(r"No overload of bound method `dict\.get` matches arguments")


class TypeCheckOptions(TypedDict):
    """How a session is checked out that only checks types."""

    script_name: str
    limits: ResourceLimits
    type_check: bool
    type_check_stubs: str
    type_check_format: Literal["json"]


def options(interface: ProgramInterface) -> TypeCheckOptions:
    """For the checkout of the session that `type_findings` takes."""
    return TypeCheckOptions(
        script_name=_PROGRAM_FILE,
        limits=_LIMITS,
        type_check=True,
        type_check_stubs=(interface.checked_stubs or interface.stubs) + _ENDING_STUBS,
        type_check_format="json",
    )


async def type_findings(session: AsyncMontySession, code: str) -> list[Finding]:
    """What the type checker says of the program's lines. Raises ProgramRefused where it does not come to an end."""
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            await session.feed_run(_BEGINNING + code + _ENDING, print_callback=CollectString(1_000))
    except TimeoutError:
        raise ProgramRefused([f"Its types could not be checked within {_LONGEST_SECONDS:g} s; simplify it."]) from None
    except MontyTypingError as error:
        lines = code.count("\n") + 1
        diagnostics = [one for one in _DIAGNOSTICS.validate_json(error.display()) if _PROGRAM_FILE in one.filename]
        if not diagnostics:
            # The stubs are ours: no program can mend them.
            raise
        return [_finding(one, lines) for one in diagnostics if not _HARMLESS.match(one.message)]
    except (MontyRuntimeError, MontySyntaxError) as error:
        if error.display("msg") == _ENDED:
            return []
        # What the sandbox's own Python cannot do, and the subset's tables do not know of.
        frames = error.traceback()
        return [Finding(_line(frames[-1].line) if frames else 1, f"not available here: {error.display('msg')}")]
    raise AssertionError("the first instruction ends a program that is only checked")


def _line(row: int) -> int:
    """A line of the program, out of one of what was fed."""
    return max(row - _BEGINNING.count("\n"), 1)


def _finding(diagnostic: _Diagnostic, lines: int) -> Finding:
    line, message = _line(diagnostic.location.row), diagnostic.message
    for wording, plain in _PLAINLY:
        message = wording.sub(plain, message)
    if line > lines:
        return Finding(lines, f"`result` must be a list of records with text keys: {message}")
    return Finding(line, f"{message} ({diagnostic.name})")
