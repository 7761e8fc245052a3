"""A program's rows are what its writer promised, or they are refused with the row and the reason."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.api_step.rows import Table, table_of
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import PromisedColumn
from holdfast.errors import ProgramFailed, ProgramOverLimit
from holdfast.records import json_records
from holdfast.samples import whole_samples


def table(rows: list[dict[str, Any]], **columns: str) -> Table:
    promised = [PromisedColumn.model_validate({"name": name, "kind": kind}) for name, kind in columns.items()]
    return table_of(orjson.dumps(rows).decode(), promised, most_rows=1_000)


def test_every_kind_has_its_type() -> None:
    row = {"t": "x", "i": 1, "n": 1.5, "f": True, "w": "2026-11-01T10:00:00+02:00", "l": ["a"], "r": {"a": 1}}
    found = table(
        [row, dict.fromkeys(row)], t="text", i="integer", n="number", f="flag", w="time", l="list", r="record"
    )
    assert dict(found.frame.schema) == {
        "t": pl.String,
        "i": pl.Int64,
        "n": pl.Float64,
        "f": pl.Boolean,
        "w": pl.Datetime("us", "UTC"),
        "l": pl.List(pl.String),
        "r": pl.Struct({"a": pl.Int64}),
    }
    assert found.frame["w"].to_list() == [datetime(2026, 11, 1, 8, tzinfo=UTC), None]
    assert found.notes == ()


def test_numbers_that_are_all_whole_stay_whole() -> None:
    assert table([{"n": 14}, {"n": None}], n="number").frame["n"].to_list() == [14, None]
    assert table([{"n": 14}, {"n": None}], n="number").frame["n"].dtype == pl.Int64
    assert table([{"n": 14}, {"n": 0.5}], n="number").frame["n"].to_list() == [14.0, 0.5]


@pytest.mark.parametrize("kind", ["integer", "number", "list"])
def test_a_number_that_no_column_holds_is_named(kind: str) -> None:
    with pytest.raises(ProgramFailed, match="'n'"):
        table([{"n": [2**63] if kind == "list" else 2**63}], n=kind)


def test_columns_stand_in_the_promised_order_also_where_there_is_no_row() -> None:
    assert table([], b="text", a="integer").frame.columns == ["b", "a"]
    assert table([{"a": 1, "b": "x"}], b="text", a="integer").frame.columns == ["b", "a"]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"login": "x"}, "Row 2 of `result` lacks count"),
        ({"login": "x", "count": 1, "extra": 2}, "Row 2 of `result` has extra too"),
        ({"count": 1, "extra": 2}, "lacks login and has extra too"),
        ({"login": 7, "count": 1}, "Row 2 of `result` has 7 in 'login', which was promised to be text"),
        ({"login": "x", "count": "1"}, "has '1' in 'count', which was promised to be integer"),
        ({"login": "x", "count": 1.5}, "promised to be integer"),
        ({"login": "x", "count": True}, "promised to be integer"),
    ],
)
def test_a_row_that_breaks_the_promise_is_named(second: dict[str, Any], said: str) -> None:
    with pytest.raises(ProgramFailed, match=said):
        table([{"login": "ok", "count": 1}, second], login="text", count="integer")


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "9999-12-31T23:59:59-23:00"])
def test_a_time_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ProgramFailed, match=r"Row 1 .* promised to be a time in ISO 8601"):
        table([{"at": text}], at="time")


def test_a_day_and_a_moment_without_a_zone_are_utc() -> None:
    found = table([{"at": "2026-11-01"}, {"at": "2026-11-01T10:00:00"}, {"at": "2026-11-01T10:00:00.5Z"}], at="time")
    assert [moment.isoformat() for moment in found.frame["at"]] == [
        "2026-11-01T00:00:00+00:00",
        "2026-11-01T10:00:00+00:00",
        "2026-11-01T10:00:00.500000+00:00",
    ]


def test_values_of_different_shapes_are_kept_whole_as_text_and_it_is_said() -> None:
    found = table([{"r": {"a": 1}}, {"r": {"a": "x"}}, {"r": [1]}, {"r": None}], r="record")
    assert found.frame["r"].to_list() == ['{"a":1}', '{"a":"x"}', "[1]", None]
    assert found.notes == ("The values of r are of different shapes and are kept as JSON text.",)


def test_too_many_rows_pass_a_limit() -> None:
    with pytest.raises(ProgramOverLimit, match="1,001 rows, and 1,000 are allowed"):
        table([{"a": 1}] * 1_001, a="integer")


leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
keys = st.text(max_size=3)
nested = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))
records = st.lists(st.none() | st.dictionaries(keys, nested, max_size=3), max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values=records)
def test_nothing_that_nests_is_lost_on_its_way_to_a_file_and_back(
    values: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = table([{"r": value} for value in values], r="record")
    store = ArtifactStore(tmp_path_factory.mktemp("rows"))
    back = [row["r"] for row in json_records(store.scan(store.write("q/s", found.frame)).collect())]
    if found.notes:
        back = [None if text is None else orjson.loads(str(text)) for text in back]
        assert back == values
    else:
        assert [without_nothing(value) for value in back] == [without_nothing(value) for value in values]


def without_nothing(value: Any) -> Any:
    """A key that is not there and one that is null are the same in a typed record."""
    if isinstance(value, dict):
        return {key: without_nothing(item) for key, item in value.items() if item is not None}
    return [without_nothing(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("value", ['{"a":', "["])
def test_what_nests_deep_is_kept_as_text_and_what_nests_endlessly_is_refused(value: str, tmp_path: Path) -> None:
    def nested_so_deep(depth: int) -> str:
        return f'[{{"r": {value * depth}1{("}" if ":" in value else "]") * depth}}}]'

    promised = [PromisedColumn(name="r", kind="record")]
    for depth in (10, 30, 100, 200):
        text = nested_so_deep(depth)
        found = table_of(text, promised, most_rows=10)
        ref = ArtifactStore(tmp_path).write("q/s", found.frame)
        (row,) = json_records(ArtifactStore(tmp_path).scan(ref).collect())
        assert [{"r": orjson.loads(str(row["r"]))} if found.notes else row] == orjson.loads(text)
        assert whole_samples(found.frame)
    for depth in (300, 900):
        with pytest.raises(ProgramFailed, match="nest it less deep"):
            table_of(nested_so_deep(depth), promised, most_rows=10)


def test_a_record_whose_type_would_fill_the_history_is_kept_as_text() -> None:
    found = table([{"r": {f"{'x' * 1_000}{number}": 1 for number in range(100)}}], r="record")
    assert found.frame.schema == {"r": pl.String}
    assert found.notes


def test_names_out_of_the_data_are_told_only_as_far_as_anyone_reads() -> None:
    with pytest.raises(ProgramFailed, match=", 1,991 more too") as told:
        table([{"a": 1, "y" * 100_000: 1} | {f"x{number}": 1 for number in range(2_000)}], a="integer")
    assert len(str(told.value)) < 1_000
