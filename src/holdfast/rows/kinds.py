"""What cells of a column are to somebody who reads, sorts and filters them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from holdfast.columns import column
from holdfast.presentation.cells import as_one_text, item_type
from holdfast.records import json_ready, plain_json

# JavaScript reads every number as a double: beyond this, neighbours become one.
LARGEST_EXACT = 2**53


class Kind(StrEnum):
    """Kinds of cells, and how JSON carries them; null in every kind is null, and so is a number that is not finite."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    # Some of the column's numbers do not fit into a double: every one of them is decimal text.
    BIG_INTEGER = "big-integer"
    NUMBER = "number"
    # `2026-01-02`.
    DAY = "day"
    # `2026-01-02T03:04:05Z`, with a fraction where there is one.
    MOMENT = "moment"
    # An array of flat values.
    LIST = "list"
    # Anything deeper.
    NESTED = "nested"


@dataclass(frozen=True)
class TableColumn:
    """A column that is shown: its name in the rows, its heading, and what its cells are."""

    name: str
    text: str
    kind: Kind
    dtype: pl.DataType


def kind_of(dtype: pl.DataType) -> Kind:
    """The kind of a type as artifacts have it; INTEGER for every whole number."""
    if isinstance(dtype, pl.List | pl.Array):
        return Kind.NESTED if item_type(dtype).is_nested() else Kind.LIST
    if dtype.is_nested():
        return Kind.NESTED
    if isinstance(dtype, pl.Boolean):
        return Kind.BOOLEAN
    if dtype.is_integer():
        return Kind.INTEGER
    if dtype.is_numeric():
        return Kind.NUMBER
    if isinstance(dtype, pl.Date):
        return Kind.DAY
    return Kind.MOMENT if isinstance(dtype, pl.Datetime) else Kind.TEXT


def columns_of(rows: pl.LazyFrame, shown: tuple[tuple[str, str], ...]) -> tuple[TableColumn, ...]:
    """The shown columns (name, heading) with their kinds. Reads those of whole numbers, to find the big ones."""
    schema = rows.collect_schema()
    whole = [name for name, _ in shown if schema[name].is_integer()]
    extremes = rows.select(
        _is_beyond(column(name)).any(ignore_nulls=True).alias(f"{place}") for place, name in enumerate(whole)
    ).collect(engine="streaming")
    big = {name for name, beyond in zip(whole, extremes.iter_columns(), strict=True) if beyond.item()}
    return tuple(
        TableColumn(name, text, Kind.BIG_INTEGER if name in big else kind_of(schema[name]), schema[name])
        for name, text in shown
    )


def _is_beyond(whole: pl.Expr) -> pl.Expr:
    return (whole > LARGEST_EXACT) | (whole < -LARGEST_EXACT)


def shown_text(of: TableColumn) -> pl.Expr:
    """A cell as text, for search: as JSON shows it; the items of a list with `, ` between them, what is deeper as JSON.

    Null where the cell is null.
    """
    cell = column(of.name)
    if of.kind is Kind.NESTED:
        return as_one_text(cell, of.dtype)
    if of.kind is Kind.LIST:
        items = _flat_text(pl.element(), item_type(of.dtype)).fill_null("")
        listed = cell.arr.to_list() if isinstance(of.dtype, pl.Array) else cell
        return listed.list.eval(items).list.join(", ")
    return _flat_text(cell, of.dtype)


def _flat_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    match kind_of(dtype):
        case Kind.MOMENT:
            assert isinstance(dtype, pl.Datetime)
            zoned = cell if dtype.time_zone in {None, "UTC"} else cell.dt.convert_time_zone("UTC")
            return zoned.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
        case Kind.NUMBER:
            return finite(cell, dtype).cast(pl.String)
        case _:
            return cell if dtype == pl.String else cell.cast(pl.String)


def finite(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The cell, null where it is a number that JSON cannot hold: such a cell is shown as empty."""
    return pl.when(cell.is_finite()).then(cell) if dtype.is_float() else cell


def json_rows(frame: pl.DataFrame, columns: tuple[TableColumn, ...]) -> list[list[Any]]:
    """The rows as arrays in the order of the columns, as `Kind` says.

    Whole numbers beyond a double in lists and deeper are decimal text too.
    """
    ready = json_ready(frame.lazy().select(column(each.name) for each in columns)).with_columns(
        column(each.name).cast(pl.String) for each in columns if each.kind is Kind.BIG_INTEGER
    )
    rows = [list(row) for row in ready.collect().iter_rows()]
    for place, each in enumerate(columns):
        if each.kind in {Kind.LIST, Kind.NESTED}:
            for row in rows:
                row[place] = _exact(plain_json(row[place]))
    return rows


def _exact(value: Any) -> Any:
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return {name: _exact(item) for name, item in value.items()}
    is_beyond = isinstance(value, int) and abs(value) > LARGEST_EXACT
    return str(value) if is_beyond else value
