"""Whole sample records of a step's rows, as later steps, logs and the answer show them."""

from __future__ import annotations

from itertools import accumulate

import orjson
import polars as pl
from pydantic import JsonValue

from holdfast.records import json_records

MAX_SAMPLES = 3
# Samples stand in the workflow's history, once a step; three ordinary people take about 2 KiB.
MAX_SAMPLE_BYTES = 8 * 1024


def whole_samples(frame: pl.DataFrame) -> tuple[dict[str, JsonValue], ...]:
    """The first records, at most three, JSON-able and never cut.

    Fewer where three do not fit into 8 KiB of JSON, and none where already the first is larger than that: half a
    record would show a list as shorter than it is, and a reader could not tell.
    """
    records = json_records(frame.head(MAX_SAMPLES))
    sizes = accumulate(len(orjson.dumps(record)) for record in records)
    return tuple(record for record, size in zip(records, sizes, strict=True) if size <= MAX_SAMPLE_BYTES)
