"""A tool's rows as columns, typed by its row model also where there is no row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import polars as pl

from holdfast.special.tool import Row

_TYPES: dict[Any, Any] = {
    str: pl.String(),
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
    datetime: pl.Datetime("us"),
}


def frame_of(rows: Sequence[Row], kind: type[Row]) -> pl.DataFrame:
    """The rows with the columns of `kind`. Raises TypeError for a field that no column can hold."""
    schema = {name: _column(field.annotation) for name, field in kind.model_fields.items()}
    return pl.DataFrame([{name: _cell(getattr(row, name)) for name in schema} for row in rows], schema=schema)


def _column(annotation: Any) -> Any:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        (annotation,) = (each for each in inner if each is not type(None))
        return _column(annotation)
    if origin is Literal and all(isinstance(each, str) for each in inner):
        return pl.String()
    if origin in (tuple, list):
        return pl.List(_column(inner[0]))
    if annotation in _TYPES:
        return _TYPES[annotation]
    if isinstance(annotation, type) and issubclass(annotation, str):
        return pl.String()
    raise TypeError(f"A row of a special tool cannot hold {annotation!r}.")


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, tuple):
        return [_cell(item) for item in value]
    return str(value) if isinstance(value, str) else value
