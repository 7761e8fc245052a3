from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.answer import Effort, Generated, StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.presentation.views import (
    MAX_BYTES_OF_A_SAMPLE,
    MAX_BYTES_OF_ALL_ROWS,
    ModelView,
    ShownStep,
    blocks,
    shown_to_model,
)
from holdfast.settings import PresentationSettings


def seen(folder: Path, *frames: pl.DataFrame, limits: PresentationSettings | None = None) -> ModelView:
    """What a model sees of steps that gave these rows."""
    store = ArtifactStore(folder / "artifacts")
    results = [
        StepResult(
            step_id=f"step{place}",
            rows=store.write(f"q-1/step{place}", frame),
            samples=(),
            generated=Generated(language="cypher", text="", author="offline"),
            effort=Effort(seconds=0, peak_memory_bytes=0),
        )
        for place, frame in enumerate(frames)
    ]
    return shown_to_model(results, store, limits or PresentationSettings())


def numbered(count: int, width: int = 3) -> pl.DataFrame:
    return pl.DataFrame({"n": range(count)}, schema={"n": pl.Int64}).with_columns(
        pl.format("{}{}", pl.lit("x" * width), "n").alias(f"c{place}") for place in range(2)
    )


def rows_seen(step: ShownStep) -> list[int]:
    """The numbers of the rows that are shown, from 1."""
    return [records.first_row + place for records in step.records for place in range(len(records.rows))]


def test_a_few_rows_are_shown_whole_and_in_order(tmp_path: Path) -> None:
    people = pl.DataFrame(
        {
            "login": ["ann", ""],
            "active": [True, None],
            "since": [datetime(2026, 1, 2, 3, 4, 5), None],  # noqa: DTZ001
            "groups": [["a", "b"], []],
            "logins": [7, 7],
        }
    )
    view = seen(tmp_path, people)
    assert orjson.loads(orjson.dumps(view)) == {
        "strategy": "all rows",
        "steps": [
            {
                "step_id": "step0",
                "row_count": 2,
                "columns": [
                    {"name": "login", "type": "text", "empty": 1, "distinct": 2},
                    {"name": "active", "type": "yes or no", "empty": 1, "distinct": 1},
                    {"name": "since", "type": "time", "empty": 1, "distinct": 1},
                    {"name": "groups", "type": "list of text", "empty": 1, "distinct": None},
                    {"name": "logins", "type": "whole number", "empty": 0, "distinct": 1},
                ],
                "records": [
                    {
                        "first_row": 1,
                        "rows": [["ann", True, "2026-01-02T03:04:05Z", ["a", "b"], 7], ["", None, None, [], 7]],
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("counts", "strategy"),
    [
        ((100,), "all rows"),
        ((101,), "sample"),
        ((100, 100), "all rows"),
        ((100, 100, 1), "sample"),
        ((0,), "all rows"),
        ((), "all rows"),
    ],
)
def test_all_rows_are_shown_up_to_both_thresholds(tmp_path: Path, counts: tuple[int, ...], strategy: str) -> None:
    view = seen(tmp_path, *(numbered(count) for count in counts))
    assert view.strategy == strategy
    if strategy == "all rows":
        assert [rows_seen(step) for step in view.steps] == [list(range(1, count + 1)) for count in counts]


def test_the_thresholds_are_the_settings(tmp_path: Path) -> None:
    assert seen(tmp_path, numbered(3), limits=PresentationSettings(all_rows_up_to=2)).strategy == "sample"
    assert seen(tmp_path, numbered(3), limits=PresentationSettings(one_table_up_to=2)).strategy == "sample"
    assert seen(tmp_path, numbered(150), limits=PresentationSettings(one_table_up_to=150)).strategy == "all rows"


@pytest.mark.parametrize(("count", "size"), [(101, 10), (1_000, 10), (1_001, 20), (100_000, 20), (100_001, 50)])
def test_a_sample_grows_with_the_rows_and_has_the_first_the_middle_and_the_last(
    tmp_path: Path, count: int, size: int
) -> None:
    (step,) = seen(tmp_path, numbered(count)).steps
    shown = rows_seen(step)
    assert len(shown) == size
    assert {1, 2, (count + 1) // 2, count - 1, count} <= set(shown)
    assert [row[0] for records in step.records for row in records.rows] == [number - 1 for number in shown]


def test_a_sample_is_shared_among_the_steps(tmp_path: Path) -> None:
    view = seen(tmp_path, numbered(5_000), numbered(4), numbered(2_000))
    assert [len(rows_seen(step)) for step in view.steps] == [6, 4, 6]


def test_a_sample_of_wide_rows_has_fewer_of_them(tmp_path: Path) -> None:
    (step,) = seen(tmp_path, numbered(200_000, width=60)).steps
    assert len(rows_seen(step)) == 20


def test_rows_too_large_to_be_shown_all_are_sampled(tmp_path: Path) -> None:
    assert seen(tmp_path, numbered(100, width=60)).strategy == "sample"


def test_what_is_cut_for_the_model_says_so_and_the_rows_stay_whole(tmp_path: Path) -> None:
    rows = pl.DataFrame({"text": ["ü" * 100], "names": [[str(n) for n in range(9)]]})
    ((cells,),) = (records.rows for records in seen(tmp_path, rows).steps[0].records)
    assert cells == ("ü" * 80 + "… (+20 characters)", ["0", "1", "2", "3", "4", "… (+4 items)"])


def test_what_is_counted_is_counted_over_all_rows(tmp_path: Path) -> None:
    rows = pl.DataFrame({"status": ["ACTIVE", "SUSPENDED", "", None] * 1_000, "id": range(4_000)})
    status, number = seen(tmp_path, rows).steps[0].columns
    assert (status.empty, status.distinct) == (2_000, 3)
    assert (number.empty, number.distinct) == (0, 4_000)


@given(row_count=st.integers(0, 10_000), records=st.integers(0, 60))
def test_blocks_are_apart_within_the_rows_and_as_many_as_wanted(row_count: int, records: int) -> None:
    taken = [number for start, length in blocks(row_count, records) for number in range(start, start + length)]
    assert len(taken) == len(set(taken)) == min(row_count, records)
    assert taken == sorted(taken)
    assert not taken or taken[0] >= 0
    assert not taken or taken[-1] < row_count
    if row_count and records >= 3:
        assert {0, row_count // 2 if row_count % 2 else row_count // 2 - 1, row_count - 1} <= set(taken)


TEXTS = st.text(max_size=300) | st.sampled_from(["", "x" * 5_000, '"\\\n' * 100, "🙂" * 200])
CELLS: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "text": (pl.String(), st.none() | TEXTS),
    "list": (pl.List(pl.String()), st.none() | st.lists(st.none() | TEXTS, max_size=12)),
    "float": (pl.Float64(), st.none() | st.floats()),
    "struct": (pl.Struct({"a": pl.String(), "b": pl.List(pl.Int64())}), st.fixed_dictionaries({"a": TEXTS})),
}


@st.composite
def records(draw: st.DrawFn) -> tuple[tuple[str, Any], ...]:
    kinds = draw(st.lists(st.sampled_from(list(CELLS)), max_size=12))
    return tuple((kind, draw(CELLS[kind][1])) for kind in kinds)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=records(), counts=st.lists(st.integers(0, 300), min_size=1, max_size=5))
def test_no_rows_whatever_are_in_them_take_more_than_the_budget(
    tmp_path: Path, row: tuple[tuple[str, Any], ...], counts: list[int]
) -> None:
    frames = [
        pl.DataFrame(
            {
                f"c{place}": pl.Series([cell] * count, dtype=CELLS[kind][0], strict=False)
                for place, (kind, cell) in enumerate(row)
            }
        )
        for count in counts
    ]
    view = seen(tmp_path, *frames)
    most = MAX_BYTES_OF_ALL_ROWS if view.strategy == "all rows" else MAX_BYTES_OF_A_SAMPLE
    shown = [step["records"] for step in orjson.loads(orjson.dumps(view))["steps"]]
    assert sum(len(orjson.dumps(each)) for each in shown) <= most
    for step in view.steps:
        assert len(step.columns) == len(row)
        assert all(len(cells) == len(row) for records in step.records for cells in records.rows)


def test_a_view_takes_as_much_room_for_a_million_rows_as_for_a_hundred_thousand_and_one(tmp_path: Path) -> None:
    sizes = [len(orjson.dumps(seen(tmp_path, numbered(count)))) for count in (100_001, 1_000_000)]
    assert sizes[1] - sizes[0] < 50 * 2 * 3
