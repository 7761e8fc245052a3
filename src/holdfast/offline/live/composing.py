"""What programs are put together from: lines with their depth, values as literals, functions that several need.

A compiler fills a `Script` and gives it back as `Composed`. What it writes is read by people in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from textwrap import wrap
from typing import Final

from pydantic import JsonValue

from holdfast.contracts import EarlierStep, PromisedColumn, StepRequest
from holdfast.errors import ProgramRefused
from holdfast.offline.meaning import ShownColumn, StepMeaning

_INDENT: Final = "    "
_WIDTH: Final = 110


@dataclass(frozen=True)
class Step:
    """What a compiler sees of a step: what its rows are to be, and the request it came with."""

    shown: StepMeaning
    request: StepRequest

    def earlier(self, step_id: str) -> EarlierStep:
        """The finished step of that id. Raises ProgramRefused where the step does not depend on it."""
        for step in self.request.earlier:
            if step.step.id == step_id:
                return step
        raise ProgramRefused([f"Step {self.request.step.id} reads the rows of step {step_id}, which it does not name."])


@dataclass(frozen=True)
class Composed:
    """A program, the coroutines that it calls, and what it promises."""

    text: str
    calls: frozenset[str]
    columns: tuple[PromisedColumn, ...]
    explanation: str
    estimated_calls: int | None


@dataclass(frozen=True)
class _Helper:
    """A function that programs share, and what it needs itself."""

    text: str
    imports: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


_HELPERS: Final = {
    "at": _Helper(
        '''\
def at(record: Any, *path: str) -> Any:
    """What stands at a path of fields; None where there is nothing."""
    for name in path:
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return record
''',
        ("from typing import Any",),
    ),
    "each": _Helper(
        '''\
def each(records: Any, *path: str) -> list[Any]:
    """The same of each record of a list, without those that have nothing there."""
    found = [at(record, *path) for record in records or []]
    return [value for value in found if value is not None]
''',
        ("from typing import Any",),
        ("at",),
    ),
    "moment": _Helper(
        """\
def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
""",
        ("from datetime import datetime",),
    ),
    "lies": _Helper(
        '''\
def lies(text: str | None, start: str | None = None, end: str | None = None) -> bool:
    """Whether a moment is at or after `start` and before `end`. What has no moment lies nowhere."""
    if not text:
        return False
    when = moment(text)
    return (start is None or when >= moment(start)) and (end is None or when < moment(end))
''',
        needs=("moment",),
    ),
    "ordered": _Helper(
        '''\
def ordered(rows: list[dict[str, Any]], column: str, descending: bool = False) -> list[dict[str, Any]]:
    """The rows by what stands in a column; those with nothing there come last."""
    known = [row for row in rows if row[column] is not None]
    return sorted(known, key=lambda row: row[column], reverse=descending) + [row for row in rows if row[column] is None]
''',
        ("from typing import Any",),
    ),
    "spelt": _Helper(
        '''\
def spelt(value: Any) -> list[str]:
    """A text, or each text of a list, in small letters."""
    texts = value if isinstance(value, list) else [value]
    return [str(text).lower() for text in texts if text is not None]
''',
        ("from typing import Any",),
    ),
}


@dataclass
class Script:
    """A program as it grows."""

    title: str
    _lines: list[str] = field(default_factory=list)
    _depth: int = 0
    _helpers: dict[str, None] = field(default_factory=dict)
    _imports: dict[str, None] = field(default_factory=dict)
    _calls: set[str] = field(default_factory=set)

    def line(self, *lines: str) -> None:
        """Add lines at the depth of the moment; an empty one parts paragraphs."""
        self._lines += [f"{_INDENT * self._depth}{line}" if line else "" for line in lines]

    def comment(self, sentence: str) -> None:
        """Say why, in as many lines as it takes."""
        self.line(*(f"# {part}" for part in wrap(sentence, _WIDTH - len(_INDENT) * self._depth - 2)))

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What stands below `head`, one step deeper."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def need(self, *names: str) -> None:
        """The program uses these shared functions."""
        for name in names:
            self.need(*_HELPERS[name].needs)
            self._helpers[name] = None
            self.include(*_HELPERS[name].imports)

    def include(self, *imports: str) -> None:
        """The program needs these import lines."""
        self._imports |= dict.fromkeys(imports)

    def call(self, coroutine: str) -> str:
        """The name of an endpoint's coroutine, which the program will then need."""
        self._calls.add(coroutine)
        return coroutine

    def composed(
        self, columns: Sequence[PromisedColumn], explanation: str, estimated_calls: int | None = None
    ) -> Composed:
        """The whole program. `estimated_calls` is None where nobody can tell."""
        parts = [
            "\n".join(f"# {part}" for part in wrap(self.title, _WIDTH - 2)),
            "\n".join(sorted(self._imports, key=lambda line: (line.startswith("from"), line))),
            *(_HELPERS[name].text.strip("\n") for name in self._helpers),
            "\n".join(self._lines),
        ]
        text = "\n\n".join(part for part in parts if part) + "\n"
        return Composed(text, frozenset(self._calls), tuple(columns), explanation, estimated_calls)


def literal(value: JsonValue | Sequence[str | bool | int]) -> str:
    """A value as Python writes it, with double quotes."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple):
        parts = ", ".join(literal(item) for item in value)
        return f"({parts},)" if len(value) == 1 else f"({parts})"
    return repr(value)


def _quoted(text: str) -> str:
    # A name of the tenant may hold anything; what is no plain letter is written as its number.
    plain = "".join(c if c.isprintable() and c.isascii() and c not in '"\\' else _escaped(c) for c in text)
    return f'"{plain}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def instant(moment: datetime) -> str:
    """A moment as text that programs compare."""
    utc = moment.astimezone(UTC)
    return literal(utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if utc.microsecond else "%Y-%m-%dT%H:%M:%SZ"))


def promised(shown: Sequence[ShownColumn], ids: Sequence[str] = ()) -> tuple[PromisedColumn, ...]:
    """What rows will have: ids first, then what is shown."""
    known = dict.fromkeys(name for name in ids if name not in {column.name for column in shown})
    columns = [PromisedColumn(name=name, kind="text") for name in known]
    return (*columns, *(PromisedColumn.model_validate({"name": c.name, "kind": c.kind}) for c in shown))
