"""Numbers that somebody typed around a table: each must stand in the question or in the data, or it is taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

import polars as pl

from holdfast.answer import Header, RowCounts
from holdfast.presentation.cells import as_text, is_list, is_time, item_type
from holdfast.presentation.headings import readable
from holdfast.presentation.templates import Place, facts, with_stand_ins
from holdfast.presentation.typed_numbers import Typed, typed_numbers

# In a larger table almost every small number is some cell or other, so that a cell proves nothing; there the numbers
# that hold are those of the question, the row counts, and what code counts over whole columns.
MAX_ROWS_READ = 200
_COUNTED = ("distinct", "empty")
_MEASURED = ("sum", "mean", "median")
_ENDS = ("min", "max")
_PERCENTAGE = re.compile(r"percent|pct|share|rate|ratio|%", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])(?=\s)")
_LIST_MARKER = re.compile(r"\s*(\d{1,3})[.)]\s+")


@dataclass(frozen=True)
class _Known:
    """Numbers that hold: as they read, as cells, and the texts that hold what reads as no known number."""

    readings: frozenset[tuple[str, str]] = frozenset()
    cells: tuple[float | int | Decimal, ...] = ()
    percentages: tuple[float | int | Decimal, ...] = ()
    texts: str = ""

    def holds(self, typed: Typed) -> bool:
        if (typed.kind, typed.value) in self.readings:
            return True
        match typed.kind:
            case "number":
                return any(_is(typed, cell) for cell in self.cells)
            case "percent":
                return any(_is(typed, cell) for cell in self.percentages)
            case "spelling":
                return re.search(rf"(?<!\w){re.escape(typed.value)}(?!\w)", self.texts) is not None
            case _:
                return False


def _is(typed: Typed, cell: float | int | Decimal) -> bool:
    """Whether the cell is the typed number, as far as its digits go."""
    if typed.unit == 1 and isinstance(cell, int):
        return Decimal(cell) == Decimal(typed.value)
    return abs(float(cell) - float(typed.value)) <= float(typed.unit) * 0.500001


@dataclass(frozen=True)
class Support:
    """What supports a typed number: the question, the names of the columns, the row counts and the final table.

    The table is read once, and only for a number that nothing else supports.
    """

    question: str
    columns: Sequence[str]
    rows: pl.LazyFrame
    counts: RowCounts
    _judged: dict[Typed, bool] = field(default_factory=dict, repr=False, compare=False)

    def holds(self, typed: Typed) -> bool:
        """Whether the number may stand."""
        if typed not in self._judged:
            self._judged[typed] = typed.kind != "never" and (self._said.holds(typed) or self._data.holds(typed))
        return self._judged[typed]

    @cached_property
    def _said(self) -> _Known:
        texts = (self.question, *self.columns, *map(readable, self.columns))
        joins = (number for join in self.counts.joins for number in (join.joined, join.not_joined))
        counts = (self.counts.rows_in, self.counts.rows_out, self.counts.dropped, *joins)
        return _Known(readings=_readings(texts), cells=counts, texts="\n".join(texts))

    @cached_property
    def _data(self) -> _Known:
        return _of_cells(self.rows) if self.counts.rows_out <= MAX_ROWS_READ else _of_columns(self.rows)


def checked_text(template: str, support: Support) -> tuple[str, tuple[str, ...]]:
    """The template without the sentences that hold an unsupported number, and those numbers as they were typed."""
    kept: list[str] = []
    taken_out: list[str] = []
    numbered = 0
    for line in template.splitlines():
        marker, numbered = _list_marker(line, numbered)
        sentences = _SENTENCE_END.split(line.removeprefix(marker))
        invented = [_unsupported(with_stand_ins(sentence), support) for sentence in sentences]
        taken_out += (number for numbers in invented for number in numbers)
        rest = "".join(sentence for sentence, numbers in zip(sentences, invented, strict=True) if not numbers)
        if rest.strip() or not line.strip():
            kept.append(f"{marker}{rest if not any(invented) else rest.strip()}")
    return "\n".join(kept), tuple(dict.fromkeys(taken_out))


def _list_marker(line: str, numbered: int) -> tuple[str, int]:
    """The number that a line of a list begins with, if the list counts 1. 2. 3.; any other number says something."""
    marker = _LIST_MARKER.match(line)
    if marker is None or int(marker[1]) not in {1, numbered + 1}:
        return "", numbered
    return marker[0], int(marker[1])


def _unsupported(text: str, support: Support) -> list[str]:
    return [typed.text for typed in typed_numbers(text) if not support.holds(typed)]


def checked_headings(headers: Sequence[Header], support: Support) -> tuple[tuple[Header, ...], tuple[str, ...]]:
    """The headers, each without a number that nothing supports, and those numbers as they were typed."""
    kept: list[Header] = []
    taken_out: list[str] = []
    for header in headers:
        invented = _unsupported(header.text, support)
        taken_out += invented
        texts = (header.text, readable(header.value), header.value) if invented else (header.text,)
        text = next((text for text in texts if not _unsupported(text, support)), "Value")
        while invented and text in {other.text for other in (*headers, *kept)}:
            text += "′"
        kept.append(Header(text=text, value=header.value))
    return tuple(kept), tuple(dict.fromkeys(taken_out))


def _of_cells(rows: pl.LazyFrame) -> _Known:
    """Every cell of a small table."""
    frame = rows.collect(engine="streaming")
    cells: list[float | int | Decimal] = []
    percentages: list[float | int | Decimal] = []
    texts: dict[str, None] = {}
    for name, dtype in frame.schema.items():
        if dtype.is_numeric():
            numbers = frame[name].drop_nulls().to_list()
            cells += numbers
            percentages += numbers if _may_be_percentage(name, dtype) else []
        else:
            texts |= dict.fromkeys(_texts(frame, name, dtype))
    return _Known(_readings(texts), tuple(cells), tuple(percentages), "\n".join(texts))


def _of_columns(rows: pl.LazyFrame) -> _Known:
    """What code counts over the whole columns of a large table."""
    schema = rows.collect_schema()
    places = [
        Place(kind, name)
        for name, dtype in schema.items()
        if not dtype.is_nested() and dtype != pl.Null
        for kind in (*_COUNTED, *(_MEASURED if dtype.is_numeric() else ()), *(_ENDS if _has_ends(dtype) else ()))
    ]
    found = facts(places, rows)
    numbers = [(place, value) for place, value in found.items() if isinstance(value, int | float | Decimal)]
    texts = [_in_words(value) for value in found.values() if isinstance(value, date)]
    percentages = (v for p, v in numbers if p.kind not in _COUNTED and _may_be_percentage(p.column, schema[p.column]))
    return _Known(_readings(texts), tuple(value for _, value in numbers), tuple(percentages))


def _has_ends(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or is_time(dtype)


def _in_words(moment: date) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else moment.isoformat()


def _may_be_percentage(name: str, dtype: pl.DataType) -> bool:
    return dtype.is_float() or _PERCENTAGE.search(name) is not None


def _texts(frame: pl.DataFrame, name: str, dtype: pl.DataType) -> list[str]:
    inner = item_type(dtype)
    if inner.is_nested() or inner == pl.Null:
        return []
    cells = frame[name].explode() if is_list(dtype) else frame[name]
    return pl.select(as_text(pl.lit(cells), inner)).to_series().drop_nulls().unique(maintain_order=True).to_list()


def _readings(texts: Iterable[str]) -> frozenset[tuple[str, str]]:
    """What the texts hold as numbers, and what those say besides: a day says its month and its year."""
    return frozenset(reading for text in texts for typed in typed_numbers(text) for reading in _implied(typed))


def _implied(typed: Typed) -> Iterator[tuple[str, str]]:
    yield typed.kind, typed.value
    if typed.kind in {"day", "month"}:
        yield "number", typed.value[:4]
        yield "month", typed.value[:7]
    if typed.kind == "day":
        yield "day of year", typed.value[5:]
