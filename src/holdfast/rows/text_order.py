"""The order of a column of text, several times faster than by comparing: eight bytes of it are one number.

A million logins or names are in order within half a second on two cores, where Polars' own sort takes one or two.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import polars as pl

_KEY_BYTES = 8
# After these, what is still tied is alike for long and left to a comparison.
_PASSES = 4
# Where this part of the texts are different, it pays to sort each once.
_FEW = 0.1
# Below this many, one thread is as fast as two.
_WORTH_HALVES = 50_000


@dataclass(frozen=True)
class TextOrder:
    """`rows` in order, those without text last; `starts` says which of them begin a new text."""

    rows: pl.Series
    starts: pl.Series

    def ranks(self) -> pl.Series:
        """The place of each row's text among the different ones."""
        ranks = pl.zeros(len(self.rows), dtype=pl.UInt32, eager=True)
        return ranks.scatter(self.rows, self.starts.cast(pl.UInt32).cum_sum()) if len(self.rows) else ranks


def text_order(texts: pl.Series, threads: Executor, stop: Callable[[], None], *, descending: bool = False) -> TextOrder:
    """The order of the texts by their bytes, which is that of their code points; equal ones stay as they stand.

    `stop` is called between the passes and raises where nobody waits any more.
    """
    known = texts.is_not_null()
    present = known.arg_true()
    found = texts.gather(present) if len(present) < len(texts) else texts
    different = found.alias("text").to_frame().select(pl.col("text").approx_n_unique()).item()
    if different < _FEW * len(found):
        order = _few(found, descending=descending)
    elif len(found) < _WORTH_HALVES:
        order = _many(found, stop, descending=descending)
    else:
        order = _halves(found, threads, stop, descending=descending)
    absent = (~known).arg_true()
    alike = pl.int_range(len(absent), eager=True) == 0
    return TextOrder(present.gather(order.rows).append(absent), order.starts.append(alike))


def _few(texts: pl.Series, *, descending: bool) -> TextOrder:
    different = pl.DataFrame({"text": texts.unique().sort(descending=descending)}).with_row_index("rank")
    ranks = texts.alias("text").to_frame().join(different, on="text", how="left", maintain_order="left")["rank"]
    return _by_numbers(ranks.cast(pl.UInt64))


def _halves(texts: pl.Series, threads: Executor, stop: Callable[[], None], *, descending: bool) -> TextOrder:
    """Those before a text of the middle and those after it, each in a thread of its own."""
    some = texts.sample(min(1_001, len(texts)), seed=1).sort()
    middle = some[len(some) // 2]
    is_low = texts < middle
    parts = [mask.arg_true() for mask in ((~is_low, is_low) if descending else (is_low, ~is_low))]
    ordered = list(threads.map(lambda part: _many(texts.gather(part), stop, descending=descending), parts))
    rows = [part.gather(order.rows) for part, order in zip(parts, ordered, strict=True)]
    return TextOrder(pl.concat(rows), pl.concat([order.starts for order in ordered]))


def _many(texts: pl.Series, stop: Callable[[], None], *, descending: bool) -> TextOrder:
    """By eight bytes at a time, behind those that all texts begin with; then by further bytes of those still tied."""
    if not len(texts):
        return TextOrder(pl.Series([], dtype=pl.UInt32), pl.Series([], dtype=pl.Boolean))
    coded = texts.cast(pl.Binary)
    first, last = texts.min(), texts.max()
    assert isinstance(first, str)
    assert isinstance(last, str)
    done = _common(first.encode(), last.encode())
    longest = texts.str.len_bytes().max()
    assert isinstance(longest, int)
    order = _by_numbers(_number(coded, done, _KEY_BYTES, descending=descending))
    done += _KEY_BYTES
    for _ in range(_PASSES):
        stop()
        tied = _tied(order)
        if done >= longest or not len(tied):
            return order
        groups = order.starts.gather(tied).cast(pl.UInt64).cum_sum()
        taken = (64 - len(order.rows).bit_length()) // 8
        key = _number(coded.gather(order.rows.gather(tied)), done, taken, descending=descending) + groups * (
            1 << (8 * taken)
        )
        order = _refined(order, tied, _by_numbers(key))
        done += taken
    return _compared(order, texts, descending=descending)


def _common(first: bytes, last: bytes) -> int:
    """How many bytes both begin with."""
    pairs = enumerate(zip(first, last, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(first), len(last)))


def _by_numbers(numbers: pl.Series) -> TextOrder:
    # Only `arg_sort_by` promises to leave equal ones as they stand.
    rows = numbers.alias("n").to_frame().select(pl.arg_sort_by("n", maintain_order=True)).to_series().cast(pl.UInt32)
    ordered = numbers.gather(rows)
    return TextOrder(rows, (ordered != ordered.shift()).fill_null(True))


def _number(coded: pl.Series, start: int, size: int, *, descending: bool) -> pl.Series:
    """`size` bytes from `start` as a number; what is shorter is filled with zeros, so that it comes first.

    Descending, it is counted from the other end: equal texts stay as they stand in that direction too.
    """
    cell = pl.col("coded").bin.slice(start, size) + pl.lit(b"\0" * _KEY_BYTES)
    number = cell.bin.slice(0, _KEY_BYTES).bin.reinterpret(dtype=pl.UInt64, endianness="big")
    if size < _KEY_BYTES:
        number = number // (1 << (8 * (_KEY_BYTES - size)))
    if descending:
        number = pl.lit((1 << (8 * size)) - 1, dtype=pl.UInt64) - number
    return coded.alias("coded").to_frame().select(number).to_series()


def _tied(order: TextOrder) -> pl.Series:
    """The places whose texts are alike so far."""
    return (~(order.starts & order.starts.shift(-1, fill_value=True))).arg_true()


def _refined(order: TextOrder, places: pl.Series, within: TextOrder) -> TextOrder:
    rows = order.rows.clone().scatter(places, order.rows.gather(places).gather(within.rows))
    starts = order.starts.cast(pl.UInt8).scatter(places, within.starts.cast(pl.UInt8)).cast(pl.Boolean)
    return TextOrder(rows, starts)


def _compared(order: TextOrder, texts: pl.Series, *, descending: bool) -> TextOrder:
    tied = _tied(order)
    if not len(tied):
        return order
    frame = pl.DataFrame(
        {"group": order.starts.gather(tied).cast(pl.UInt32).cum_sum(), "text": texts.gather(order.rows.gather(tied))}
    )
    rows = frame.select(
        pl.arg_sort_by("group", "text", descending=[False, descending], maintain_order=True)
    ).to_series()
    ordered = frame.select(pl.all().gather(rows)).select(
        ((pl.col("group") != pl.col("group").shift()) | (pl.col("text") != pl.col("text").shift())).fill_null(True)
    )
    return _refined(order, tied, TextOrder(rows, ordered.to_series()))
