"""Cells as a reader sees them: times, lists, booleans and unknowns in words, as Polars expressions."""

from __future__ import annotations

import orjson
import polars as pl

from holdfast.columns import column
from holdfast.presentation.recipe import DateText, FillEmpty, ListText, Unknown, Words
from holdfast.records import plain_json

_FORMATS = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M", "second": "%Y-%m-%d %H:%M:%S"}


def item_type(dtype: pl.DataType) -> pl.DataType:
    """The type of a list's items, or the type itself."""
    if isinstance(dtype, pl.List | pl.Array):
        return dtype.inner() if isinstance(dtype.inner, type) else dtype.inner
    return dtype


def is_list(dtype: pl.DataType) -> bool:
    """Whether cells of this type hold any number of items."""
    return isinstance(dtype, pl.List | pl.Array)


def items(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The cells of a column one below the other; those of lists as one long list."""
    return cell.explode() if is_list(dtype) else cell


def is_time(dtype: pl.DataType) -> bool:
    """Whether cells of this type are days or moments."""
    return isinstance(dtype, pl.Date | pl.Datetime)


def is_empty(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Whether the cell holds nothing: null, empty text or an empty list; never null itself."""
    if is_list(dtype):
        return cell.is_null() | (cell.list.len() == 0)
    if isinstance(dtype, pl.String):
        return cell.is_null() | (cell == "")
    return cell.is_null()


def date_text(operation: DateText, dtype: pl.DataType) -> pl.Expr:
    """The time, or each time of a list, as text in the operation's zone."""
    cell = column(operation.column)
    if is_list(dtype):
        return cell.list.eval(_moment_text(pl.element(), item_type(dtype), operation.zone, operation.precision))
    return _moment_text(cell, dtype, operation.zone, operation.precision)


def _moment_text(moment: pl.Expr, dtype: pl.DataType, zone: str, precision: str) -> pl.Expr:
    if not isinstance(dtype, pl.Datetime):
        return moment.dt.strftime(_FORMATS["day"])
    zoned = moment.dt.replace_time_zone("UTC") if dtype.time_zone is None else moment
    return zoned.dt.convert_time_zone(zone).dt.strftime(_FORMATS[precision])


def as_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A flat cell as text, empty where it is empty."""
    if isinstance(dtype, pl.String):
        return cell
    if is_time(dtype):
        return _moment_text(cell, dtype, "UTC", "minute")
    if isinstance(dtype, pl.Boolean):
        return pl.when(cell).then(pl.lit("yes")).when(cell.not_()).then(pl.lit("no"))
    return cell.cast(pl.String)


def in_reading_order(cell: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, ...]:
    """What to sort by: text without regard to case first, so that "alice" stands beside "Bob"."""
    return (cell.str.to_lowercase(), cell) if isinstance(dtype, pl.String) else (cell,)


def list_text(operation: ListText, dtype: pl.DataType) -> pl.Expr:
    """A list as text: see `ListText`."""
    inner = item_type(dtype)
    item = pl.element()
    items = column(operation.column).list.drop_nulls().list.unique()
    ordered = items.list.eval(as_text(item.sort_by(*in_reading_order(item, inner)), inner))
    if operation.limit is None:
        return ordered.list.join(operation.separator)
    more = ordered.list.len().cast(pl.Int64) - operation.limit
    return rest_counted(ordered.list.head(operation.limit).list.join(operation.separator), more)


def rest_counted(shown: pl.Expr, more: pl.Expr) -> pl.Expr:
    """What is shown of many, and how many more there are."""
    return pl.when(more > 0).then(pl.format("{} and {} more", shown, more)).otherwise(shown)


def as_one_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Any cell as text: a list with all its items as they stand, the empty ones too; what is deeper as JSON."""
    if not dtype.is_nested():
        return as_text(cell, dtype)
    inner = item_type(dtype)
    if not inner.is_nested():
        return cell.list.eval(as_text(pl.element(), inner).fill_null("")).list.join(", ")
    return cell.map_elements(_as_json, return_dtype=pl.String)


def _as_json(cell: object) -> str:
    return orjson.dumps(plain_json(cell.to_list() if isinstance(cell, pl.Series) else cell)).decode()


def words(operation: Words) -> pl.Expr:
    """A boolean in words."""
    cell = column(operation.column)
    yes, no, unknown = pl.lit(operation.yes), pl.lit(operation.no), pl.lit(operation.unknown)
    return pl.when(cell).then(yes).when(cell.not_()).then(no).otherwise(unknown)


def unknown(operation: Unknown, dtype: pl.DataType) -> pl.Expr:
    """A cell in words where its marker says that it could not be read: see `Unknown`."""
    cell = column(operation.column)
    text = as_text(cell, dtype)
    partly = text if isinstance(dtype, pl.Boolean) else pl.format("{}{}", text, pl.lit(operation.partly))
    return (
        pl.when(column(operation.known).fill_null(False))
        .then(text)
        .when(_holds_nothing(cell, dtype))
        .then(pl.lit(operation.word))
        .otherwise(partly)
    )


def filled(operation: FillEmpty, dtype: pl.DataType) -> pl.Expr:
    """The cell as text, or the word where it is empty."""
    text = as_text(column(operation.column), dtype)
    return pl.when(text.is_null() | (text == "")).then(pl.lit(operation.word)).otherwise(text)


def _holds_nothing(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Boolean):
        return cell.is_null() | cell.not_()
    if dtype.is_numeric():
        return cell.is_null() | (cell == 0)
    return is_empty(cell, dtype)
