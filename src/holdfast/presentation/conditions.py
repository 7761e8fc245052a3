"""The conditions of a filter: do they fit their column, and what are they as expressions."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from holdfast.columns import column
from holdfast.presentation.cells import is_empty, is_list, is_time, item_type
from holdfast.presentation.recipe import Compare, Condition, Contains, IsEmpty, OneOf, Value


def misfit(condition: Condition, dtype: pl.DataType) -> str | None:
    """Why the condition cannot be put to a column of this type, or None when it can."""
    if isinstance(condition, IsEmpty) or dtype == pl.Null:
        return None
    if isinstance(condition, Contains):
        return None if item_type(dtype) == pl.String else f"contains asks text, {condition.column!r} is {dtype}"
    if isinstance(condition, OneOf):
        reasons = (_value_misfit(value, item_type(dtype)) for value in condition.values)
        return next((f"{condition.column!r}: {reason}" for reason in reasons if reason), None)
    if dtype == pl.Boolean and condition.operator not in {"=", "!="}:
        return f"{condition.column!r} is yes or no, so it can only be compared with = and !="
    reason = _value_misfit(condition.value, dtype)
    return f"{condition.column!r}: {reason}" if reason else None


def holds(condition: Condition, dtype: pl.DataType) -> pl.Expr:
    """True or false for every row: an empty cell makes the condition false, and so its negation true."""
    found = _found(condition, dtype).fill_null(False)
    return found.not_() if condition.negated else found


def _found(condition: Condition, dtype: pl.DataType) -> pl.Expr:
    cell = column(condition.column)
    if isinstance(condition, IsEmpty):
        return is_empty(cell, dtype)
    if dtype == pl.Null:
        return pl.lit(False)
    if isinstance(condition, Compare):
        return _compared(cell, condition, dtype)
    if is_list(dtype):
        return cell.list.eval(_matches(pl.element(), condition, item_type(dtype)).fill_null(False)).list.any()
    return _matches(cell, condition, dtype)


def _matches(cell: pl.Expr, condition: OneOf | Contains, dtype: pl.DataType) -> pl.Expr:
    if isinstance(condition, Contains):
        return cell.str.to_lowercase().str.contains(pl.lit(condition.text).str.to_lowercase(), literal=True)
    values = [_typed(value, dtype) for value in condition.values]
    if dtype.is_numeric():
        # Whole and broken numbers are compared as numbers, whatever the column holds.
        broken = dtype.is_float() or any(isinstance(value, float) for value in values)
        kind = pl.Float64() if broken else pl.Int64()
        # What is too large for the type is none of the values, which fit into it.
        return cell.cast(kind, strict=False).is_in(pl.Series(values, dtype=kind).implode())
    return cell.is_in(pl.Series(values, dtype=dtype).implode())


def _compared(cell: pl.Expr, condition: Compare, dtype: pl.DataType) -> pl.Expr:
    value = pl.lit(_typed(condition.value, dtype))
    match condition.operator:
        case "=":
            return cell == value
        case "!=":
            return cell != value
        case "<":
            return cell < value
        case "<=":
            return cell <= value
        case ">":
            return cell > value
        case ">=":
            return cell >= value


def _value_misfit(value: Value, dtype: pl.DataType) -> str | None:
    if is_time(dtype):
        return None if _moment(value) is not None else f"{value!r} is no time; write 2026-01-31 or 2026-01-31T12:00:00Z"
    wanted: type | tuple[type, ...]
    if dtype == pl.Boolean:
        wanted = bool
    elif dtype.is_numeric():
        wanted = (int, float)
    elif dtype == pl.String:
        wanted = str
    else:
        return f"a column of type {dtype} cannot be compared"
    fits = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
    return None if fits else f"it is {dtype}, so it cannot be compared with {value!r}"


def _moment(value: Value) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        # On the first and the last day there are, a zone may lead out of them.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _typed(value: Value, dtype: pl.DataType) -> Value | datetime | date:
    if not is_time(dtype):
        return value
    moment = _moment(value)
    assert moment is not None, "misfit() refuses text that is no time"
    if dtype == pl.Date:
        return moment.date()
    return moment if isinstance(dtype, pl.Datetime) and dtype.time_zone else moment.replace(tzinfo=None)
