"""Words with places that code fills from the table: summaries, markdown, and what is said of no rows.

In braces stands what is filled in; `{{` and `}}` are braces themselves::

    {rows}                    rows of the answer               42
    {rows:person|people}      the same with its noun           42 people
    {rows_in} {dropped}       rows at the start, left out      1,000
    {joined:step} {not_joined:step}   rows that found something in a joined step, or did not
    {distinct:column}         different values
    {distinct:column|person|people}   the same with its noun
    {sum:column} {mean:column} {median:column} {min:column} {max:column}
    {count:column=text}       rows whose cell reads so
    {share:column=text}       the same in per cent of the rows      12.5%
    {empty:column}            rows whose cell is empty
    {most:column}             its most frequent value and how many rows have it     ACTIVE (42)
    {values:column}           its different values, up to ten, the rest counted
    {table}                   the table itself, up to fifty rows, the rest counted (markdown only)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from holdfast.answer import Header, RowCounts
from holdfast.columns import column
from holdfast.presentation.cells import (
    as_one_text,
    as_text,
    is_empty,
    is_time,
    item_type,
    items,
    rest_counted,
)
from holdfast.presentation.typed_numbers import COUNT, PLACE

_PIECE = re.compile(r"\{\{|\}\}|\{([a-z_]+)(?::([^{}]*))?\}|([{}])")
_OF_THE_ROWS = frozenset({"rows", "rows_in", "dropped", "table"})
_OF_A_STEP = frozenset({"joined", "not_joined"})
_OF_NUMBERS = frozenset({"sum", "mean", "median"})
_OF_A_COLUMN = _OF_NUMBERS | {"distinct", "empty", "min", "max", "count", "share", "most", "values"}
_COUNTING = _OF_A_STEP | {"rows", "rows_in", "dropped", "distinct", "count", "empty"}

MAX_LISTED = 10
MAX_TABLE_ROWS = 50


@dataclass(frozen=True)
class Place:
    """One filled place of a template: `{kind:argument}`."""

    kind: str
    argument: str = ""

    @property
    def column(self) -> str:
        """The column it asks: for a count what stands before `=`, for different values before the noun."""
        ends = {"count": "=", "share": "=", "distinct": "|"}.get(self.kind)
        return self.argument.partition(ends)[0] if ends else self.argument

    @property
    def noun(self) -> str:
        """`one|many`, empty where the place names none."""
        return self.argument.partition("|")[2] if self.kind == "distinct" else self.argument


def places(template: str) -> Iterator[Place]:
    """The places of a template, in order."""
    for piece in _PIECE.finditer(template):
        if piece[1]:
            yield Place(piece[1], piece[2] or "")


def with_stand_ins(template: str) -> str:
    """What is typed in the template, with one sign for each place: see `typed_numbers`."""

    def sign(piece: re.Match[str]) -> str:
        if not piece[1]:
            return piece[0][0]
        return COUNT if piece[1] in _COUNTING else PLACE

    return _PIECE.sub(sign, template)


def misfits(template: str, schema: pl.Schema, steps: Mapping[str, object]) -> Iterator[str]:
    """Why the template cannot be filled from a table of these columns."""
    for piece in _PIECE.finditer(template):
        if piece[3]:
            yield f"a lone {piece[3]!r} at character {piece.start() + 1}; write it twice to mean itself"
    for place in places(template):
        if reason := _misfit(place, schema, steps):
            yield f"{{{place.kind}}} {reason}"


def _misfit(place: Place, schema: pl.Schema, steps: Mapping[str, object]) -> str | None:
    if place.kind in {"rows", "distinct"} and place.noun.count("|") not in {0, 1}:
        return "takes a noun in the singular and the plural, as in {rows:person|people}"
    if place.kind in _OF_THE_ROWS:
        return None
    if place.kind in _OF_A_STEP:
        return None if place.argument in steps else f"names the step {place.argument!r}, which is not there"
    if place.kind not in _OF_A_COLUMN:
        return "is nothing that can be filled in"
    if place.column not in schema:
        return f"names the column {place.column!r}, which is not in the table"
    dtype = schema[place.column]
    is_flat = not (item_type(dtype) if place.kind == "values" else dtype).is_nested()
    if not is_flat and place.kind != "empty":
        return f"cannot be made of {place.column!r}, which holds lists"
    if place.kind in _OF_NUMBERS and not (dtype.is_numeric() or dtype == pl.Null):
        return f"needs a column of numbers, {place.column!r} is {dtype}"
    return None


def filled(template: str, rows: pl.LazyFrame, counts: RowCounts, headers: Sequence[Header] = ()) -> str:
    """The template with every place filled from `rows`, the final table. Plain text.

    With `headers` the text is markdown: values are escaped, and `{table}` shows those columns.
    """
    texts = _column_texts(places(template), rows)
    if headers:
        texts = {place: escaped(text) for place, text in texts.items()}

    def fill(piece: re.Match[str]) -> str:
        if not piece[1]:
            return piece[0][0]
        place = Place(piece[1], piece[2] or "")
        if place.kind == "table":
            return markdown_table(rows, headers, counts.rows_out)
        return texts[place] if place in texts else _counted(place, counts)

    return _PIECE.sub(fill, template)


def _counted(place: Place, counts: RowCounts) -> str:
    if place.kind in _OF_A_STEP:
        return number(sum(getattr(join, place.kind) for join in counts.joins if join.step_id == place.argument))
    if place.kind != "rows":
        return number(getattr(counts, place.kind))
    return _with_noun(counts.rows_out, place)


def _with_noun(count: int, place: Place) -> str:
    one, _, many = place.noun.partition("|")
    return f"{number(count)} {one if count == 1 else many}".rstrip()


def _column_texts(wanted: Iterable[Place], rows: pl.LazyFrame) -> dict[Place, str]:
    found = facts([place for place in wanted if place.kind in _OF_A_COLUMN], rows)
    return {
        place: _with_noun(value, place) if isinstance(value, int) and place.kind == "distinct" else _in_words(value)
        for place, value in found.items()
    }


def facts(wanted: Iterable[Place], rows: pl.LazyFrame) -> dict[Place, object]:
    """What the wanted places say of the table's columns, computed in one pass."""
    schema = rows.collect_schema()
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return {}
    found = rows.select(_fact(place, schema).alias(str(i)) for i, place in enumerate(asked)).collect(engine="streaming")
    return {place: found[str(i)].item() for i, place in enumerate(asked)}


def _fact(place: Place, schema: pl.Schema) -> pl.Expr:
    cell, dtype = column(place.column), schema[place.column]
    if dtype == pl.Null and place.kind in _OF_NUMBERS:
        cell = cell.cast(pl.Float64)
    match place.kind:
        case "distinct":
            return cell.drop_nulls().n_unique()
        case "sum":
            return cell.sum()
        case "mean":
            return cell.mean()
        case "median":
            return cell.median()
        case "min":
            return _in_order(cell, dtype).min()
        case "max":
            return _in_order(cell, dtype).max()
        case "count":
            return _reads(place, cell, dtype).sum()
        case "share":
            percent = _reads(place, cell, dtype).sum() * 100.0 / pl.len()
            return pl.when(pl.len() > 0).then(pl.format("{}%", percent.round(1)))
        case "empty":
            return is_empty(cell, dtype).sum()
        case "most":
            texts = as_text(cell, dtype)
            # Of several that are as frequent, the least.
            most = texts.drop_nulls().mode().min()
            return pl.format("{} ({})", most, (texts == most).sum())
        case _:
            different = as_text(items(cell, dtype), item_type(dtype)).drop_nulls().unique().sort()
            more = different.len().cast(pl.Int64) - MAX_LISTED
            return rest_counted(different.head(MAX_LISTED).str.join(", "), more)


def _reads(place: Place, cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return as_text(cell, dtype) == place.argument.partition("=")[2]


def _in_order(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """What the least and the greatest are taken of: numbers and times as such, all else as it reads."""
    return cell if dtype.is_numeric() or is_time(dtype) else as_text(cell, dtype)


def _in_words(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case int() | float():
            return number(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value)


def number(value: int | float) -> str:
    """A number for a reader: 1234567 → `1,234,567`, 33.333 → `33.33`, 12.0 → `12`."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def escaped(text: str) -> str:
    """Text that markdown shows as it is: no link, image, tag or emphasis comes out of a value."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(text.split()))


def markdown_table(rows: pl.LazyFrame, headers: Sequence[Header], total: int) -> str:
    """The first rows as a markdown table; what is left out is counted."""
    schema = rows.collect_schema()
    cells = (as_one_text(column(header.value), schema[header.value]).alias(header.value) for header in headers)
    shown = rows.head(MAX_TABLE_ROWS).select(cells)
    lines = [[header.text for header in headers], *shown.collect().rows()]
    drawn = [f"| {' | '.join(escaped(cell or '') for cell in line)} |" for line in lines]
    drawn.insert(1, "|" + " --- |" * len(headers))
    left_out = total - MAX_TABLE_ROWS
    return "\n".join([*drawn, f"\nand {number(left_out)} more rows"] if left_out > 0 else drawn)
