"""A recipe as one lazy Polars query over all rows. What goes in has been held against the columns before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce, singledispatch
from operator import or_
from typing import Literal

import polars as pl
from polars import selectors

from holdfast.columns import column
from holdfast.presentation import cells, conditions
from holdfast.presentation.recipe import (
    Aggregate,
    Choose,
    DateText,
    Explode,
    FillEmpty,
    Filter,
    Join,
    ListText,
    Measure,
    Operation,
    Rename,
    Round,
    Sort,
    Top,
    Unknown,
    Words,
)

Steps = Mapping[str, pl.LazyFrame]


@singledispatch
def applied(operation: Operation, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    """The rows after one operation; rows keep their order unless it sorts them."""
    raise TypeError(f"{type(operation).__name__} is no operation of a presentation.")


@applied.register
def _(operation: Choose, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    return rows.select(*(column(name) for name in operation.kept))


@applied.register
def _(operation: Rename, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    return rows.rename({operation.column: operation.to})


@applied.register
def _(operation: Join, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    left_on = [column(key.left) for key in operation.on]
    if operation.how == "anti" or not operation.take:
        return _matching(operation, rows, steps)
    keys = _spare_names([*rows.collect_schema().names(), *(taken.result for taken in operation.take)], len(left_on))
    right = _taken(operation, keys, steps)
    order: Literal["left", "left_right"] = "left" if operation.matches == "lists" else "left_right"
    joined = rows.join(right, left_on=left_on, right_on=keys, how=operation.how, coalesce=True, maintain_order=order)
    if operation.matches == "rows":
        return joined
    return joined.with_columns(column(taken.result).fill_null(pl.lit([])) for taken in operation.take)


def _matching(operation: Join, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    """The rows that find something in the joined step; for an anti join those that find nothing."""
    how: Literal["anti", "semi"] = "anti" if operation.how == "anti" else "semi"
    left, right = [column(key.left) for key in operation.on], [column(key.right) for key in operation.on]
    return rows.join(steps[operation.step], left_on=left, right_on=right, how=how, maintain_order="left")


def _taken(operation: Join, keys: Sequence[str], steps: Steps) -> pl.LazyFrame:
    right = steps[operation.step]
    schema = right.collect_schema()
    selected = right.select(
        *(column(key.right).alias(name) for key, name in zip(operation.on, keys, strict=True)),
        *(column(taken.column).alias(taken.result) for taken in operation.take),
    )
    if operation.matches == "rows":
        return selected
    return selected.group_by(keys, maintain_order=True).agg(
        cells.items(column(taken.result), schema[taken.column]) for taken in operation.take
    )


def _spare_names(taken: Sequence[str], count: int) -> list[str]:
    """Names that are none of `taken`."""
    used = max(map(len, taken), default=0)
    return [f"{'_' * (used + 1)}{number}" for number in range(count)]


@applied.register
def _(operation: Filter, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    schema = rows.collect_schema()
    return rows.filter(reduce(or_, (conditions.holds(c, schema[c.column]) for c in operation.any_of)))


@applied.register
def _(operation: Aggregate, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    for measure in operation.measures:
        if measure.column is not None:
            rows, _ = _typed(rows, measure.column, pl.Boolean() if measure.function == "share_true" else pl.Float64())
    schema = rows.collect_schema()
    if operation.by:
        measures = [_measured(m, schema).alias(m.name) for m in operation.measures]
        grouped = rows.group_by([column(name) for name in operation.by], maintain_order=True).agg(measures)
    else:
        grouped = rows.select(
            (_measured(m, schema).implode() if m.function == "list" else _measured(m, schema)).alias(m.name)
            for m in operation.measures
        )
    shares = [column(m.name) for m in operation.measures if m.function == "share"]
    return grouped.with_columns(pl.when(share.sum() > 0).then(share * 100.0 / share.sum()) for share in shares)


def _measured(measure: Measure, schema: pl.Schema) -> pl.Expr:
    if measure.column is None:
        return pl.len()
    cell = column(measure.column)
    match measure.function:
        case "distinct":
            return cell.drop_nulls().n_unique()
        case "sum":
            return cell.sum()
        case "mean":
            return cell.mean()
        case "median":
            return cell.median()
        case "min":
            return cell.min()
        case "max":
            return cell.max()
        case "share_true":
            return cell.mean() * 100.0
        case "list":
            return cells.items(cell, schema[measure.column]).drop_nulls()
        case "count" | "share":
            return cell.count()


@applied.register
def _(operation: Sort, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    schema = rows.collect_schema()
    keys = [
        (expr, key.descending)
        for key in operation.by
        for expr in cells.in_reading_order(column(key.column), schema[key.column])
    ]
    return rows.sort(
        [expr for expr, _ in keys], descending=[down for _, down in keys], nulls_last=True, maintain_order=True
    )


@applied.register
def _(operation: Top, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    return rows.head(operation.rows)


@applied.register
def _(operation: Explode, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    if rows.collect_schema()[operation.column] == pl.Null:
        return rows
    return rows.explode(selectors.by_name(operation.column), empty_as_null=True, keep_nulls=True)


@applied.register
def _(operation: ListText, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    typed, dtype = _typed(rows, operation.column, pl.List(pl.String()))
    return typed.with_columns(cells.list_text(operation, dtype).alias(operation.column))


@applied.register
def _(operation: DateText, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    typed, dtype = _typed(rows, operation.column, pl.Datetime("us"))
    return typed.with_columns(cells.date_text(operation, dtype).alias(operation.column))


@applied.register
def _(operation: Round, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    typed, _ = _typed(rows, operation.column, pl.Float64())
    return typed.with_columns(column(operation.column).round(operation.decimals, mode="half_away_from_zero"))


@applied.register
def _(operation: Words, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    typed, _ = _typed(rows, operation.column, pl.Boolean())
    return typed.with_columns(cells.words(operation).alias(operation.column))


@applied.register
def _(operation: Unknown, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    known, _ = _typed(rows, operation.known, pl.Boolean())
    typed, dtype = _typed(known, operation.column, pl.String())
    return typed.with_columns(cells.unknown(operation, dtype).alias(operation.column))


@applied.register
def _(operation: FillEmpty, rows: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    typed, dtype = _typed(rows, operation.column, pl.String())
    return typed.with_columns(cells.filled(operation, dtype).alias(operation.column))


def _typed(rows: pl.LazyFrame, name: str, otherwise: pl.DataType) -> tuple[pl.LazyFrame, pl.DataType]:
    """The column's type; a column of nothing but nulls may have none and is given the one that is needed."""
    dtype = rows.collect_schema()[name]
    if dtype != pl.Null:
        return rows, dtype
    return rows.with_columns(column(name).cast(otherwise)), otherwise
