"""Which rows match, and in which order: their numbers, worked out column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import polars as pl

from holdfast.columns import column
from holdfast.rows.conditions import Sort
from holdfast.rows.kinds import Kind, TableColumn, finite, shown_text
from holdfast.rows.text_order import text_order

# Rows that one thread looks at between two looks at whether anybody still waits.
_CHUNK = 65_536


def matching(
    rows: pl.DataFrame, conditions: Sequence[pl.Expr], threads: Executor, stop: Callable[[], None]
) -> pl.Series:
    """The numbers of the rows that meet all conditions, in their own order."""
    wanted = pl.all_horizontal(conditions).arg_true()

    def found(start: int) -> pl.Series:
        stop()
        return rows.slice(start, _CHUNK).select(wanted).to_series().cast(pl.UInt32) + start

    return pl.concat(threads.map(found, range(0, max(rows.height, 1), _CHUNK)), rechunk=True)


def ordered(
    rows: pl.DataFrame,
    numbers: pl.Series | None,
    sorts: Sequence[Sort],
    threads: Executor,
    stop: Callable[[], None],
) -> pl.Series:
    """The row numbers (None: all) in order: equal rows stay as they stand, empty cells come last.

    Text is compared without regard to case by code points (`Z` before `Émile`), false comes before true, lists and
    what is deeper are compared by their text.
    """
    places = pl.int_range(rows.height if numbers is None else len(numbers), dtype=pl.UInt32, eager=True)
    for sort in reversed(sorts):
        stop()
        keys = _keys(rows, numbers, sort.by, threads, stop).gather(places)
        step = (
            keys.alias("key")
            .to_frame()
            .select(pl.arg_sort_by("key", descending=sort.descending, nulls_last=True, maintain_order=True))
        )
        places = places.gather(step.to_series())
    return places if numbers is None else numbers.gather(places)


def _keys(
    rows: pl.DataFrame, numbers: pl.Series | None, of: TableColumn, threads: Executor, stop: Callable[[], None]
) -> pl.Series:
    """A column of numbers for the rows of these numbers, that is in the order of the column."""
    cells = rows.select(column(of.name))
    if numbers is not None:
        cells = cells.select(pl.all().gather(numbers))
    if of.kind not in {Kind.TEXT, Kind.LIST, Kind.NESTED}:
        return cells.select(finite(column(of.name), of.dtype)).to_series()
    text = shown_text(of).str.to_lowercase()

    def lowered(start: int) -> pl.Series:
        stop()
        return cells.slice(start, _CHUNK).select(text).to_series()

    texts = pl.concat(threads.map(lowered, range(0, max(cells.height, 1), _CHUNK)), rechunk=True)
    order = text_order(texts, threads, stop)
    return pl.select(pl.when(texts.is_not_null()).then(order.ranks())).to_series()
