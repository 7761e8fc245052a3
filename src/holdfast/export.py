"""An answer as a file: csv, parquet, xlsx or json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from holdfast.answer import Header

FORMATS = ("csv", "parquet", "xlsx", "json")


def export(rows: pl.LazyFrame | pl.DataFrame, headers: Sequence[Header], file_format: str, to: Path) -> None:
    """Write the shown columns of `rows` to the file `to`."""
    raise NotImplementedError


def content(rows: pl.LazyFrame | pl.DataFrame, headers: Sequence[Header]) -> list[dict[str, JsonValue]]:
    """The shown columns as records keyed by `Header.value`."""
    raise NotImplementedError
