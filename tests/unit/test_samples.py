from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import orjson
import polars as pl
import pytest

from holdfast.records import json_records
from holdfast.samples import MAX_SAMPLE_BYTES, whole_samples

NOON = datetime(2026, 1, 2, 12, 0, 0, 500_000)  # noqa: DTZ001


def test_samples_are_the_first_three_whole_records() -> None:
    rows = pl.DataFrame({"login": ["ann", "bob", "cy", "di"], "groups": [["a", "b"], [], None, ["c"]]})
    assert whole_samples(rows) == (
        {"login": "ann", "groups": ["a", "b"]},
        {"login": "bob", "groups": []},
        {"login": "cy", "groups": None},
    )


def test_no_rows_give_no_samples() -> None:
    assert whole_samples(pl.DataFrame({"login": []}, schema={"login": pl.String})) == ()


def test_a_record_is_left_out_rather_than_cut() -> None:
    many = ["a group of a long name"] * 200
    rows = pl.DataFrame({"login": ["ann", "bob", "cy"], "groups": [["a"], many, many]})
    samples = whole_samples(rows)
    assert [s["login"] for s in samples] == ["ann", "bob"]
    assert samples[1]["groups"] == many
    assert sum(len(orjson.dumps(s)) for s in samples) <= MAX_SAMPLE_BYTES


def test_a_first_record_too_large_leaves_none() -> None:
    assert whole_samples(pl.DataFrame({"text": ["x" * 9_000, "y"]})) == ()


@pytest.mark.parametrize(
    ("cell", "dtype", "json"),
    [
        (NOON, pl.Datetime("us"), "2026-01-02T12:00:00.500Z"),
        (NOON.replace(microsecond=0), pl.Datetime("ms"), "2026-01-02T12:00:00Z"),
        (NOON.replace(microsecond=0, tzinfo=UTC), pl.Datetime("us", "Europe/Berlin"), "2026-01-02T12:00:00Z"),
        (date(2026, 1, 2), pl.Date(), "2026-01-02"),
        (float("nan"), pl.Float64(), None),
        (float("inf"), pl.Float64(), None),
        (2**62, pl.Int64(), 2**62),
        (True, pl.Boolean(), True),
        (b"\x00\xff", pl.Binary(), "AP8="),
        ([NOON.replace(microsecond=0), None], pl.List(pl.Datetime("us")), ["2026-01-02T12:00:00Z", None]),
        ([float("nan")], pl.List(pl.Float64()), [None]),
        ({"at": NOON.replace(microsecond=0), "n": 1}, None, {"at": "2026-01-02T12:00:00Z", "n": 1}),
    ],
)
def test_every_kind_of_cell_has_one_form_in_json(cell: Any, dtype: pl.DataType | None, json: Any) -> None:
    rows = pl.DataFrame({"cell": pl.Series([cell, None], dtype=dtype)})
    assert json_records(rows) == [{"cell": json}, {"cell": None}]
    assert orjson.loads(orjson.dumps(json_records(rows)))[0]["cell"] == json
