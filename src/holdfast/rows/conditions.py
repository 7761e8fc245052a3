"""What a reader wishes of the rows, read against their columns: `name,-created` and `status:in:["ACTIVE"]`.

A filter is `column:op:value`. Every cell is in exactly one of `eq` and `ne`, so `ne` finds empty cells too; the other
operators do not. `lt`, `le`, `gt`, `ge` follow the order of sorting, text without regard to case. `contains` and
`starts` look at the text of a cell, without regard to case, whatever its kind. `in` takes a JSON array.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType
from typing import Any, NoReturn

import polars as pl

from holdfast.columns import column
from holdfast.rows.errors import RowsRefused
from holdfast.rows.kinds import Kind, TableColumn, finite, shown_text

MAX_SORTS = 8
MAX_FILTERS = 20
MAX_SEARCH = 200
_MAX_IN = 1_000

_EQUALITY = ("eq", "ne", "in")
_ORDER = ("lt", "le", "gt", "ge")
_TEXT = ("contains", "starts")
_EMPTINESS = ("is-null", "not-null")
OPERATORS = (*_EQUALITY, *_ORDER, *_TEXT, *_EMPTINESS)

_OPERATORS_OF: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(Kind, OPERATORS),
        Kind.BOOLEAN: (*_EQUALITY, *_TEXT, *_EMPTINESS),
        Kind.LIST: (*_TEXT, *_EMPTINESS),
        Kind.NESTED: (*_TEXT, *_EMPTINESS),
    }
)


@dataclass(frozen=True)
class Sort:
    """A column to sort by; empty cells come last in both directions."""

    by: TableColumn
    descending: bool


def sorts_of(texts: Sequence[str], columns: Sequence[TableColumn]) -> tuple[Sort, ...]:
    """`name,-other`, in one text or several; a name with a comma in it needs a text of its own. Raises RowsRefused."""
    known = {each.name: each for each in columns}
    found: list[Sort] = []
    for text in texts:
        whole = _sort_of(text, known)
        parts = [whole] if whole else [_sort_of(part, known) or _unknown(part, known) for part in text.split(",")]
        found += parts
    if len(found) > MAX_SORTS:
        raise RowsRefused(f"Rows are sorted by at most {MAX_SORTS} columns, not by {len(found)}.")
    return tuple(found)


def _sort_of(text: str, known: Mapping[str, TableColumn]) -> Sort | None:
    if text.startswith("-") and text[1:] in known:
        return Sort(known[text[1:]], descending=True)
    return Sort(known[text], descending=False) if text in known else None


def _unknown(name: str, known: Mapping[str, TableColumn]) -> NoReturn:
    shown = ", ".join(repr(each) for each in list(known)[:20])
    raise RowsRefused(f"There is no column {name[:100]!r}. There are {shown}.")


def condition(text: str, columns: Sequence[TableColumn]) -> pl.Expr:
    """The condition `column:op:value` for a cell, never null. Raises RowsRefused, which says what it may be."""
    of, operator, value = _parted(text, columns)
    if operator not in _OPERATORS_OF[of.kind]:
        raise RowsRefused(
            f"{operator} does not fit {of.name!r}, whose cells are {of.kind}: use one of "
            f"{', '.join(_OPERATORS_OF[of.kind])}."
        )
    cell = finite(column(of.name), of.dtype)
    if operator in _EMPTINESS:
        return cell.is_null() if operator == "is-null" else cell.is_not_null()
    if operator in _TEXT:
        return _text_condition(shown_text(of), operator, value)
    if operator == "in":
        return _is_in(cell, _values(value, of))
    other = pl.lit(_value(value, of))
    if operator in _ORDER and of.kind is Kind.TEXT:
        cell, other = cell.str.to_lowercase(), other.str.to_lowercase()
    return _COMPARISONS[operator](cell, other).fill_null(operator == "ne")


def searched(text: str, columns: Sequence[TableColumn]) -> pl.Expr:
    """Whether some shown cell of the row contains the text, without regard to case."""
    if len(text) > MAX_SEARCH:
        raise RowsRefused(f"What is searched for may have {MAX_SEARCH} characters, this has {len(text):,}.")
    return pl.any_horizontal(
        pl.lit(value=False),
        *(_text_condition(shown_text(each), "contains", text) for each in columns if _may_hold(each, text)),
    )


def _text_condition(shown: pl.Expr, operator: str, text: str) -> pl.Expr:
    anchor = r"\A" if operator == "starts" else ""
    return shown.str.contains(f"(?i){anchor}{pl.escape_regex(text)}").fill_null(value=False)


# Writing a million moments as text takes longer than looking for words in them, and most words cannot be there.
_LETTERS_OF: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.INTEGER: frozenset("-0123456789"),
        Kind.BIG_INTEGER: frozenset("-0123456789"),
        Kind.NUMBER: frozenset("-+.0123456789eE"),
        Kind.DAY: frozenset("-0123456789"),
        Kind.MOMENT: frozenset("-:.0123456789tTzZ"),
        Kind.BOOLEAN: frozenset("truefalsTRUEFALSſ"),
    }
)


def _may_hold(each: TableColumn, text: str) -> bool:
    letters = _LETTERS_OF.get(each.kind)
    return letters is None or letters.issuperset(text)


def _parted(text: str, columns: Sequence[TableColumn]) -> tuple[TableColumn, str, str]:
    # A name may hold colons itself; the longest that fits is meant.
    for of in sorted(columns, key=lambda each: len(each.name), reverse=True):
        if text.startswith(f"{of.name}:"):
            operator, colon, value = text[len(of.name) + 1 :].partition(":")
            if operator in OPERATORS and (colon or operator in _EMPTINESS):
                return of, operator, value
    name, _, rest = text.partition(":")
    if any(each.name == name for each in columns):
        raise RowsRefused(
            f"{rest[:100]!r} is no condition for {name!r}. A filter is column:op:value, with op one of "
            f"{', '.join(OPERATORS)} (the last two without a value)."
        )
    _unknown(name, {each.name: each for each in columns})


def _value(text: str, of: TableColumn) -> pl.Series:
    """The value as a series of one, of a type that compares with the column's."""
    try:
        read = _READERS[of.kind](text)
    except ValueError:
        raise RowsRefused(f"{text[:100]!r} cannot be compared with {of.name!r}: {_MAY_BE[of.kind]}.") from None
    if isinstance(of.dtype, pl.Datetime):
        zone = of.dtype.time_zone and "UTC"
        return pl.Series([read.replace(tzinfo=None)], dtype=pl.Datetime("us")).dt.replace_time_zone(zone)
    return pl.Series([read], dtype=_TYPES.get(of.kind))


def _values(text: str, of: TableColumn) -> list[pl.Series]:
    try:
        items = json.loads(text, parse_constant=_no_constant, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str | bool) for item in items):
        raise RowsRefused(f'What {of.name!r} is in must be a JSON array of values, such as ["one", "two"].')
    if len(items) > _MAX_IN:
        raise RowsRefused(f"A filter takes at most {_MAX_IN:,} values, {of.name!r} has {len(items):,}.")
    return [_value(str(item).lower() if isinstance(item, bool) else item, of) for item in items]


def _is_in(cell: pl.Expr, values: list[pl.Series]) -> pl.Expr:
    if values and values[0].dtype == pl.String:
        return cell.is_in(pl.concat(values).implode()).fill_null(value=False)
    return pl.any_horizontal(pl.lit(value=False), *((cell == pl.lit(value)).fill_null(value=False) for value in values))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _whole(text: str) -> int:
    number = int(text)
    if not -(2**127) < number < 2**127:
        raise ValueError(text)
    return number


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"


def _moment(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    try:
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


_READERS: Mapping[Kind, Callable[[str], Any]] = MappingProxyType(
    {
        Kind.TEXT: str,
        Kind.BOOLEAN: _boolean,
        Kind.INTEGER: _whole,
        Kind.BIG_INTEGER: _whole,
        Kind.NUMBER: _number,
        Kind.DAY: date.fromisoformat,
        Kind.MOMENT: _moment,
    }
)

_MAY_BE: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.BOOLEAN: "it may be true or false",
        Kind.INTEGER: "it may be a whole number",
        Kind.BIG_INTEGER: "it may be a whole number",
        Kind.NUMBER: "it may be a number",
        Kind.DAY: "it may be a day, such as 2026-01-31",
        Kind.MOMENT: "it may be a day or a moment, such as 2026-01-31T08:00:00Z",
    }
)


_TYPES: Mapping[Kind, type[pl.DataType]] = MappingProxyType(
    {Kind.TEXT: pl.String, Kind.INTEGER: pl.Int128, Kind.BIG_INTEGER: pl.Int128, Kind.DAY: pl.Date}
)

_COMPARISONS: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = MappingProxyType(
    {"eq": eq, "ne": ne, "lt": lt, "le": le, "gt": gt, "ge": ge}
)
