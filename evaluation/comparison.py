"""Whether a table says what is true, whatever its columns are called.

The table is the answer's own, as the asker gets it: an answer that computes the right rows and words them wrongly is
wrong. Its columns are matched with those of the truth by name where that fits and else by what they hold; there must be
an assignment under which the rows are equal, each as often. Further columns do no harm; a row too many or too few does.

Cells are compared in a common form, chosen by what the truth holds in that column: numbers to as many decimals as the
answer shows, at least one and at most six ("12.5%" is a number), moments in UTC to the minute or to the day that the
answer shows, yes and no, lists as their different items in order, text as it stands. Empty text and "(none)" are an
empty cell, None in a truth; "unknown" is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import polars as pl

_Cells = Sequence[Hashable]
_Form = Callable[[Any], Hashable]

_NUMBER = re.compile(r"-?\d{1,3}(,\d{3})*(\.\d+)?\s?%?|-?\d+(\.\d+)?\s?%?")
# What a truth and an answer say of something that could not be read.
UNKNOWN = "unknown"
_EMPTY = frozenset({"", "(none)"})
_FLAGS = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}
_DAY_LENGTH = len("2026-11-20")
_MOST_DECIMALS = 6
# Rows that a difference names; more would hide the reason.
_SHOWN_ROWS = 3


@dataclass(frozen=True)
class TrueTable:
    """What is true: rows, and what each value of a row is. `ordered`: columns whose values must stand in that order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    ordered: tuple[str, ...] = ()

    @staticmethod
    def of(columns: Iterable[str], rows: Iterable[Sequence[Any]], ordered: Iterable[str] = ()) -> TrueTable:
        """Raises ValueError where a row has not a value for each column."""
        table = TrueTable(tuple(columns), tuple(tuple(row) for row in rows), tuple(ordered))
        if any(len(row) != len(table.columns) for row in table.rows):
            raise ValueError(f"a row of the truth has not the columns {', '.join(table.columns)}")
        return table

    def distinct(self, columns: Sequence[str]) -> TrueTable:
        """The different rows of some of the columns."""
        places = [self.columns.index(name) for name in columns]
        rows = dict.fromkeys(tuple(row[place] for place in places) for row in self.rows)
        return TrueTable(tuple(columns), tuple(rows), tuple(name for name in self.ordered if name in columns))


def difference(answer: pl.DataFrame, truth: TrueTable) -> str | None:
    """What is wrong with the answer, in words; None where it is right."""
    if answer.height != len(truth.rows):
        return f"{answer.height} rows in place of {len(truth.rows)}{_rows_in_words(answer, truth)}"
    if not truth.rows or _assignment(answer, truth) is not None:
        return None
    return f"the rows differ{_rows_in_words(answer, truth)}"


@dataclass(frozen=True)
class _Candidate:
    """A column of the answer that may be one of the truth's: both in their common form."""

    name: str
    true: _Cells
    given: _Cells
    ordered: bool


def _assignment(answer: pl.DataFrame, truth: TrueTable) -> tuple[str, ...] | None:
    """For each column of the truth one of the answer, no two the same, under which the rows are equal."""
    candidates = [list(_candidates(place, truth, answer)) for place in range(len(truth.columns))]
    # Rare columns first: what cannot fit is found out early.
    found = _assigned(sorted(candidates, key=len), ())
    return None if found is None else tuple(candidate.name for candidate in found)


def _assigned(waiting: Sequence[Sequence[_Candidate]], chosen: tuple[_Candidate, ...]) -> tuple[_Candidate, ...] | None:
    if chosen and not _same_rows(chosen):
        return None
    if not waiting:
        return chosen
    taken = {candidate.name for candidate in chosen}
    for candidate in waiting[0]:
        if candidate.name not in taken:
            found = _assigned(waiting[1:], (*chosen, candidate))
            if found is not None:
                return found
    return None


def _same_rows(chosen: Sequence[_Candidate]) -> bool:
    true = zip(*(candidate.true for candidate in chosen), strict=True)
    given = zip(*(candidate.given for candidate in chosen), strict=True)
    return Counter(true) == Counter(given)


def _candidates(place: int, truth: TrueTable, answer: pl.DataFrame) -> Iterator[_Candidate]:
    """Columns of the answer that hold the values, each as often; one of that name first."""
    name = truth.columns[place]
    for column in sorted(answer.columns, key=lambda other: other != name):
        candidate = _in_common_form(column, place, truth, answer)
        in_order = list(candidate.true) == list(candidate.given)
        if in_order or (not candidate.ordered and Counter(candidate.true) == Counter(candidate.given)):
            yield candidate


def _in_common_form(column: str, place: int, truth: TrueTable, answer: pl.DataFrame) -> _Candidate:
    true, given = [row[place] for row in truth.rows], answer[column].to_list()
    form = _form(true, given)
    ordered = truth.columns[place] in truth.ordered
    return _Candidate(column, [form(value) for value in true], [form(value) for value in given], ordered)


def _form(true: Sequence[Any], given: Sequence[Any]) -> _Form:
    """The common form of two columns, by the first thing that the true one holds."""
    first = next((value for value in true if value is not None and value != UNKNOWN), None)
    if isinstance(first, str) and any(isinstance(value, date) for value in given):
        first = date.min
    match first:
        case bool():
            return _flag
        case int() | float() | Decimal():
            return partial(_number, decimals=min(max([1, *map(_decimals, given)]), _MOST_DECIMALS))
        case date():
            days_only = all(_is_day(value) for value in true if value is not None)
            return partial(_moment, to_the_day=days_only or any(_is_day(value) for value in given))
        case list() | tuple() | set() | frozenset():
            return _list
        case _:
            return _text


def _text(value: Any) -> Hashable:
    if isinstance(value, list):
        return _list(value)
    if value is None or (isinstance(value, str) and value.strip() in _EMPTY):
        return None
    return value.strip() if isinstance(value, str) else str(value)


def _flag(value: Any) -> Hashable:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = _text(value)
    return _FLAGS.get(text.lower(), text) if isinstance(text, str) else text


def _number(value: Any, *, decimals: int) -> Hashable:
    number = _as_decimal(value)
    if number is None:
        return _text(value)
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0 if number.is_finite() else number


def _as_decimal(value: Any) -> Decimal | None:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        # Rounded first: 33.35 must not become 33.3 because a float holds a little less.
        return Decimal(str(round(value, _MOST_DECIMALS + 3)))
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip().rstrip("% ").replace(",", ""))
    return None


def _decimals(value: Any) -> int:
    number = _as_decimal(value)
    exponent = number.normalize().as_tuple().exponent if number is not None else 0
    return -exponent if isinstance(exponent, int) else 0


def _moment(value: Any, *, to_the_day: bool) -> Hashable:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
        except ValueError:
            return _text(value)
    if not isinstance(value, datetime):
        return value if isinstance(value, date) else _text(value)
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.date() if to_the_day else moment.replace(second=0, microsecond=0)


def _is_day(value: Any) -> bool:
    if isinstance(value, str):
        return len(value.strip()) == _DAY_LENGTH
    return isinstance(value, date) and not isinstance(value, datetime)


def _list(value: Any) -> Hashable:
    if isinstance(value, list | tuple | set | frozenset):
        items = {str(item) for item in value if item is not None}
        return ", ".join(sorted(items, key=lambda item: (item.lower(), item))) or None
    return _text(value)


def _rows_in_words(answer: pl.DataFrame, truth: TrueTable) -> str:
    missing_columns = [name for name in truth.columns if name not in answer.columns]
    if missing_columns:
        return f"; no column {', '.join(missing_columns)} among {', '.join(answer.columns)}"
    pairs = [_in_common_form(name, place, truth, answer) for place, name in enumerate(truth.columns)]
    true = Counter(zip(*(pair.true for pair in pairs), strict=True))
    given = Counter(zip(*(pair.given for pair in pairs), strict=True))
    if true == given:
        return "; they are in another order"
    parts = (("missing", true - given), ("too many", given - true))
    return "".join(f"; {word}: {_some(rows)}" for word, rows in parts if rows)


def _some(rows: Counter[tuple[Hashable, ...]]) -> str:
    shown = [" | ".join("" if cell is None else str(cell) for cell in row) for row in list(rows)[:_SHOWN_ROWS]]
    more = rows.total() - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
