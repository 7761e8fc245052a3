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
_BY_TEXT = frozenset({Kind.TEXT, Kind.LIST, Kind.NESTED})


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
    places: pl.Series | None = None
    for sort in reversed(sorts):
        stop()
        cells = rows.select(column(sort.by.name))
        if sort.by.kind in _BY_TEXT:
            order = text_order(
                _lowered(cells, numbers, sort.by, threads, stop), threads, stop, descending=sort.descending
            )
            places = order.rows if places is None else places.gather(_argsort(order.ranks().gather(places)))
        else:
            keys = cells.select(finite(column(sort.by.name), sort.by.dtype)).to_series()
            keys = keys if numbers is None else keys.gather(numbers)
            keys = keys if places is None else keys.gather(places)
            step = _argsort(keys, descending=sort.descending)
            places = step if places is None else places.gather(step)
    if places is None:
        return numbers if numbers is not None else pl.int_range(rows.height, dtype=pl.UInt32, eager=True)
    return places if numbers is None else numbers.gather(places)


def _argsort(keys: pl.Series, *, descending: bool = False) -> pl.Series:
    order = pl.arg_sort_by("key", descending=descending, nulls_last=True, maintain_order=True)
    return keys.alias("key").to_frame().select(order).to_series().cast(pl.UInt32)


def _lowered(
    cells: pl.DataFrame, numbers: pl.Series | None, of: TableColumn, threads: Executor, stop: Callable[[], None]
) -> pl.Series:
    text = shown_text(of).str.to_lowercase()

    def lowered(start: int) -> pl.Series:
        stop()
        # Of the cells themselves only a chunk is gathered at a time: lists of a million rows are large.
        chunk = cells.slice(start, _CHUNK) if numbers is None else cells[numbers.slice(start, _CHUNK)]
        return chunk.select(text).to_series()

    count = cells.height if numbers is None else len(numbers)
    return pl.concat(threads.map(lowered, range(0, max(count, 1), _CHUNK)), rechunk=True)
