"""What a model is shown of the steps' rows: all of a few, a sample of many, and never more than so many bytes.

The table of an answer is computed by code over all rows whatever a model saw of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson
import polars as pl
from pydantic import JsonValue

from holdfast.answer import StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.columns import column
from holdfast.presentation.cells import is_empty, is_list, is_time, item_type
from holdfast.records import json_records
from holdfast.settings import PresentationSettings

Strategy = Literal["all rows", "sample", "no rows"]

# Bytes of JSON, of which a token takes about three. All rows that need more than this are sampled after all.
MAX_BYTES_OF_ALL_ROWS = 10 * 1024
MAX_BYTES_OF_A_SAMPLE = 6 * 1024
# The more records there are, the more of them it takes to see how they differ.
_SAMPLE_SIZES = ((1_000, 10), (100_000, 20))
_LARGEST_SAMPLE = 50
# What a sample too large for its bytes falls back to: records, and characters of a cell.
_SMALLER = ((20, 80), (10, 80), (10, 30), (3, 30))
_WIDTH = 80
# One each of the first, the middle and the last.
_FEWEST = 3
_ITEMS = 5


@dataclass(frozen=True)
class ShownColumn:
    """A column and what code counted in it over all rows: empty cells, different values (not of lists)."""

    name: str
    type: str
    empty: int
    distinct: int | None


@dataclass(frozen=True)
class Records:
    """Whole records that follow one another, cells in the order of the columns; the first row is number 1."""

    first_row: int
    rows: tuple[tuple[JsonValue, ...], ...]


@dataclass(frozen=True)
class ShownStep:
    """One step: all its columns, and some or all of its records."""

    step_id: str
    row_count: int
    columns: tuple[ShownColumn, ...]
    records: tuple[Records, ...]


@dataclass(frozen=True)
class ModelView:
    """What a model sees of the rows, untrusted text. Long texts and lists are cut and say so; the answer's are not."""

    strategy: Strategy
    steps: tuple[ShownStep, ...]


def shown_to_model(results: Sequence[StepResult], store: ArtifactStore, limits: PresentationSettings) -> ModelView:
    """All rows within both limits and 10 KiB; else a sample of 10 (up to 1,000 records), 20 (up to 100,000) or 50.

    A sample is shared out evenly among the steps, takes the first, the middle and the last records of each, and
    shrinks until the records take at most 6 KiB, however many rows there are. Blocking: call it in a thread. Raises
    ArtifactMissing.
    """
    steps = [_Step.of(result, store) for result in results]
    counts = [step.row_count for step in steps]
    if sum(counts) <= limits.all_rows_up_to and max(counts, default=0) <= limits.one_table_up_to:
        view = ModelView("all rows", tuple(step.shown(step.row_count, _WIDTH) for step in steps))
        if _bytes_of_records(view) <= MAX_BYTES_OF_ALL_ROWS:
            return view
    for size, width in _sizes(sum(counts)):
        share = max(size // len(steps), _FEWEST)
        view = ModelView("sample", tuple(step.shown(share, width) for step in steps))
        if _bytes_of_records(view) <= MAX_BYTES_OF_A_SAMPLE:
            return view
    return ModelView("sample", tuple(step.shown(0, 0) for step in steps))


def without_rows(results: Sequence[StepResult], store: ArtifactStore) -> ModelView:
    """The columns, their types and what is counted in them; no cell. Blocking. Raises ArtifactMissing."""
    return ModelView("no rows", tuple(_Step.of(result, store).shown(0, 0) for result in results))


def _sizes(total: int) -> Iterator[tuple[int, int]]:
    size = next((size for up_to, size in _SAMPLE_SIZES if total <= up_to), _LARGEST_SAMPLE)
    yield size, _WIDTH
    yield from ((smaller, width) for smaller, width in _SMALLER if (smaller, width) < (size, _WIDTH))


def _bytes_of_records(view: ModelView) -> int:
    return sum(len(orjson.dumps(step.records)) for step in view.steps)


@dataclass(frozen=True)
class _Step:
    step_id: str
    row_count: int
    columns: tuple[ShownColumn, ...]
    rows: pl.LazyFrame

    @staticmethod
    def of(result: StepResult, store: ArtifactStore) -> _Step:
        rows = store.scan(result.rows)
        return _Step(result.step_id, result.rows.row_count, _described(rows), rows)

    def shown(self, records: int, width: int) -> ShownStep:
        """So many of its records, their cells cut to so many characters."""
        taken = tuple(
            Records(first_row=start + 1, rows=tuple(_cut(self.rows.slice(start, length), width)))
            for start, length in blocks(self.row_count, records)
        )
        return ShownStep(self.step_id, self.row_count, self.columns, taken)


def blocks(row_count: int, records: int) -> list[tuple[int, int]]:
    """Where the first, the middle and the last of so many records stand: starts and lengths, which never overlap.

    Records that follow one another show how rows belong together, as those of one person on several paths.
    """
    if row_count <= records:
        return [(0, row_count)] if row_count else []
    ends = (records + 1) // 3
    middle = records - 2 * ends
    places = [(0, ends), ((row_count - middle) // 2, middle), (row_count - ends, ends)]
    return [(start, length) for start, length in places if length]


def _described(rows: pl.LazyFrame) -> tuple[ShownColumn, ...]:
    schema = rows.collect_schema()
    counted = [
        expression
        for place, (name, dtype) in enumerate(schema.items())
        for expression in (
            is_empty(column(name), dtype).sum().alias(f"empty {place}"),
            (pl.lit(None) if dtype.is_nested() else column(name).drop_nulls().n_unique()).alias(f"distinct {place}"),
        )
    ]
    if not counted:
        return ()
    found = rows.select(counted).collect(engine="streaming").row(0)
    return tuple(
        ShownColumn(name, kind(dtype), empty, distinct)
        for (name, dtype), empty, distinct in zip(schema.items(), found[::2], found[1::2], strict=True)
    )


def kind(dtype: pl.DataType) -> str:
    """A column's type in a word that needs no library to be understood."""
    if is_list(dtype):
        return f"list of {kind(item_type(dtype))}"
    if is_time(dtype):
        return "day" if dtype == pl.Date else "time"
    if dtype.is_integer():
        return "whole number"
    if dtype.is_numeric():
        return "number"
    words = {pl.String: "text", pl.Boolean: "yes or no", pl.Null: "nothing"}
    return words.get(dtype.base_type(), str(dtype))


def _cut(rows: pl.LazyFrame, width: int) -> Iterator[tuple[JsonValue, ...]]:
    for record in json_records(rows.collect()):
        yield tuple(_cut_cell(cell, width) for cell in record.values())


def _cut_cell(cell: JsonValue, width: int) -> JsonValue:
    match cell:
        case str():
            left_out = len(cell) - width
            return f"{cell[:width]}… (+{left_out} characters)" if left_out > 0 else cell
        case list():
            left_out = len(cell) - _ITEMS
            shown = [_cut_cell(item, width) for item in cell[:_ITEMS]]
            return [*shown, f"… (+{left_out} items)"] if left_out > 0 else shown
        case dict():
            return _cut_cell(orjson.dumps(cell).decode(), width)
        case _:
            return cell
