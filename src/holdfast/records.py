"""Rows as JSON-able records: what leaves the typed world of columns, always in the same way."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import cast

import polars as pl
from pydantic import JsonValue

from holdfast.columns import column

_ISO_UTC = "%Y-%m-%dT%H:%M:%S%.fZ"


def json_ready(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The same rows with every flat column of a JSON type.

    Datetimes become ISO text in UTC with `Z` (without a zone they are UTC already), dates ISO text, numbers that
    JSON cannot hold null. Nested columns stay as they are.
    """
    return rows.with_columns(*(_flat(name, dtype) for name, dtype in rows.collect_schema().items()))


def json_records(frame: pl.DataFrame) -> list[dict[str, JsonValue]]:
    """One dictionary a row, JSON-able: ISO datetimes with `Z`, lists as lists, null as None."""
    ready = json_ready(frame.lazy()).collect()
    nested = [name for name, dtype in ready.schema.items() if dtype.is_nested()]
    records = cast("list[dict[str, JsonValue]]", ready.to_dicts())
    for record in records:
        for name in nested:
            record[name] = plain_json(record[name])
    return records


def _flat(name: str, dtype: pl.DataType) -> pl.Expr:
    cell = column(name)
    if isinstance(dtype, pl.Datetime):
        zoned = cell if dtype.time_zone in {None, "UTC"} else cell.dt.convert_time_zone("UTC")
        return zoned.dt.strftime(_ISO_UTC)
    if dtype.is_float():
        return pl.when(cell.is_finite()).then(cell)
    if isinstance(dtype, pl.Binary):
        return cell.bin.encode("base64")
    if isinstance(dtype, pl.Date | pl.Time | pl.Duration | pl.Decimal | pl.Categorical | pl.Enum):
        return cell.cast(pl.String) if not isinstance(dtype, pl.Duration) else cell.dt.to_string("iso")
    return cell


def plain_json(value: object) -> JsonValue:
    """A cell as JSON; the leaves follow the same rules as flat columns."""
    if isinstance(value, dict):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_json(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    return _plain_leaf(value)


def _plain_leaf(value: object) -> JsonValue:
    if isinstance(value, datetime):
        utc = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return f"{utc.isoformat()}Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    raise TypeError(f"A cell of type {type(value).__name__} has no form in JSON.")
