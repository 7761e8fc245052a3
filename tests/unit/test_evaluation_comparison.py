"""An answer is right by what it holds, not by what its columns are called; and a wrong one never passes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.comparison import TrueTable, difference


def _at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def _of(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(columns, strict=False)


def _truth(columns: str, *rows: tuple[Any, ...], ordered: str = "") -> TrueTable:
    return TrueTable.of(columns.split(), rows, ordered.split())


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        pytest.param(_of(login=["b", "a"]), _truth("login", ("a",), ("b",)), id="order does not matter"),
        pytest.param(_of(who=["a"], age=[3]), _truth("login", ("a",)), id="another name and a further column"),
        pytest.param(
            _of(status=["x", "y"], login=["y", "x"]),
            _truth("login status", ("x", "y"), ("y", "x")),
            id="columns that hold the same values",
        ),
        pytest.param(
            _of(a=["x", "x", "y"], b=["y", "x", "x"]),
            _truth("p q", ("y", "x"), ("x", "x"), ("x", "y")),
            id="only one of two assignments fits the rows",
        ),
        pytest.param(
            _of(g=["x", "y", "z"], n=[2, 1, 1]),
            _truth("g n", ("x", 2), ("z", 1), ("y", 1), ordered="n"),
            id="any order of those that share a place",
        ),
        pytest.param(_of(n=[3]), _truth("person_count", (3,)), id="a count"),
        pytest.param(_of(n=["3"]), _truth("person_count", (3,)), id="a count as text"),
        pytest.param(_of(n=["1,234.5 %"]), _truth("share", (1234.54,)), id="a percentage as text"),
        pytest.param(_of(n=[33.3]), _truth("share", (100 / 3,)), id="a rounded percentage"),
        pytest.param(_of(n=[2.95, 2.0]), _truth("mean", (2.949,), (2,)), id="a number rounded to two decimals"),
        pytest.param(_of(n=[33.4]), _truth("share", (33.35,)), id="halves away from zero"),
        pytest.param(_of(d=[None, "Ops"]), _truth("d", ("Ops",), (None,)), id="an empty cell"),
        pytest.param(_of(d=["(none)", "Ops"]), _truth("d", ("Ops",), (None,)), id="an empty cell in words"),
        pytest.param(
            _of(f=["yes", "no", "unknown"]), _truth("f", (True,), (False,), ("unknown",)), id="flags in words"
        ),
        pytest.param(_of(f=[True, False]), _truth("f", (True,), (False,)), id="flags"),
        pytest.param(_of(n=["4", "unknown"]), _truth("n", ("unknown",), (4,)), id="a number that is unknown"),
        pytest.param(_of(g=["a, B"]), _truth("g", ({"B", "a"},)), id="a list as text"),
        pytest.param(_of(g=[["B", "a", None]]), _truth("g", (("a", "B"),)), id="a list"),
        pytest.param(_of(g=[[]]), _truth("g", ([],)), id="an empty list"),
        pytest.param(
            _of(t=[_at(2026, 1, 2, 3, 4, 5)]),
            _truth("t", (_at(2026, 1, 2, 3, 4, 59),)),
            id="a moment, to the minute",
        ),
        pytest.param(_of(t=["2026-01-02 03:04"]), _truth("t", (_at(2026, 1, 2, 3, 4, 5),)), id="a moment as text"),
        pytest.param(_of(t=[_at(2026, 1, 2)]), _truth("t", ("2026-01-02T00:00:07.000Z",)), id="a moment as exported"),
        pytest.param(_of(t=["2026-01-02"]), _truth("t", (_at(2026, 1, 2, 3, 4, 5),)), id="the day of a moment"),
        pytest.param(_of(t=[_at(2026, 1, 2, 3)]), _truth("t", (date(2026, 1, 2),)), id="a day"),
        pytest.param(_of(a=["x", "x"]), _truth("a", ("x",), ("x",)), id="the same row twice"),
        pytest.param(_of(a=[]), _truth("a b"), id="nothing"),
    ],
)
def test_an_answer_that_holds_what_is_true_is_right(answer: pl.DataFrame, truth: TrueTable) -> None:
    assert difference(answer, truth) is None


@pytest.mark.parametrize(
    ("answer", "truth", "said"),
    [
        (_of(a=["x"]), _truth("a", ("x",), ("x",)), "1 rows in place of 2; missing: x"),
        (_of(a=["x", "x"]), _truth("a", ("x",)), "2 rows in place of 1; too many: x"),
        (_of(a=["x", "y"]), _truth("a", ("x",), ("z",)), "the rows differ; missing: z; too many: y"),
        (_of(a=["x", "y"], b=["1", "2"]), _truth("a b", ("x", "2"), ("y", "1")), "missing: x | 2, y | 1"),
        (_of(a=["x", "y"]), _truth("a", ("y",), ("x",), ordered="a"), "another order"),
        (_of(n=[4]), _truth("n", (3,)), "missing: 3.0; too many: 4.0"),
        (_of(n=[3]), _truth("n", (2.5,)), "missing: 2.5; too many: 3.0"),
        (_of(n=[2.94]), _truth("n", (2.949,)), "differ"),
        (_of(n=[True]), _truth("n", (1,)), "differ"),
        (_of(n=[0]), _truth("n", (None,)), "differ"),
        (_of(n=["unknown"]), _truth("n", (None,)), "differ"),
        (_of(n=[None]), _truth("n", ("unknown",)), "differ"),
        (_of(f=["unknown"]), _truth("f", (False,)), "differ"),
        (_of(t=[_at(2026, 1, 2, 3)]), _truth("t", (_at(2026, 1, 2, 4),)), "differ"),
        (_of(a=["X"]), _truth("a", ("x",)), "differ"),
        (_of(a=["x"]), _truth("a b", ("x", "x")), "no column b among a"),
        (_of(a=["x"]), _truth("a"), "1 rows in place of 0"),
    ],
)
def test_an_answer_that_holds_anything_else_is_wrong_and_says_how(
    answer: pl.DataFrame, truth: TrueTable, said: str
) -> None:
    found = difference(answer, truth)
    assert found is not None
    assert said in found


def test_the_different_values_of_some_columns_can_be_enough() -> None:
    paths = _truth("login path", ("a", "directly"), ("a", "Sales"), ("b", "Sales"))
    assert difference(_of(login=["b", "a"]), paths.distinct(["login"])) is None


def test_a_truth_whose_rows_are_not_its_columns_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="has not the columns a, b"):
        _truth("a b", ("x",))


_CELLS = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
_ROWS = st.lists(st.tuples(_CELLS, _CELLS, _CELLS), min_size=1, max_size=8)


@given(rows=_ROWS, order=st.permutations([0, 1, 2]), data=st.data())
def test_neither_names_nor_places_nor_order_matter(
    rows: list[tuple[Any, ...]], order: list[int], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))
    answer = pl.DataFrame(
        {f"c{place}": [row[place] for row in shuffled] for place in order},
        schema_overrides={f"c{place}": pl.String for place in order},
    )
    assert difference(answer, TrueTable.of("xyz", rows)) is None


@given(rows=_ROWS, data=st.data())
def test_one_other_cell_is_noticed(rows: list[tuple[Any, ...]], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    changed = [("other", *row[1:]) if place == at else row for place, row in enumerate(rows)]
    answer = pl.DataFrame(changed, schema=dict.fromkeys("xyz", pl.String), orient="row")
    assert difference(answer, TrueTable.of("xyz", rows)) is not None
