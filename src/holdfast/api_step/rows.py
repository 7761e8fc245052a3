"""A program's rows: held against the columns that its writer promised, and made into a typed table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
import polars as pl

from holdfast.contracts import PromisedColumn
from holdfast.errors import ProgramFailed, ProgramOverLimit

_MOMENT = pl.Datetime("us", "UTC")
# A record with more keys than this is a dictionary of things, not a record: its keys are no columns.
_MOST_KEYS = 200
# A type stands in the question's history, and in its engine's own recursion.
_DEEPEST = 40
_LONGEST_TYPE = 10_000
_SHOWN = 80
_MOST_SHOWN = 10


@dataclass(frozen=True)
class Table:
    """The rows, and what a reader should know of how they are kept."""

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()


def table_of(result_json: str, columns: Sequence[PromisedColumn], most_rows: int) -> Table:
    """The table behind the JSON text of a list of records.

    Raises ProgramFailed, which names the row and what is wrong with it, and ProgramOverLimit. Blocks.
    """
    rows: list[dict[str, Any]] = orjson.loads(result_json)
    if len(rows) > most_rows:
        raise ProgramOverLimit(
            f"The program returns {len(rows):,} rows, and {most_rows:,} are allowed; return fewer of them."
        )
    _see_that_columns_are_kept(rows, [column.name for column in columns])
    made = [_kept(column, [row[column.name] for row in rows]) for column in columns]
    as_text = [series.name for series, is_text in made if is_text]
    notes = (
        (f"The values of {', '.join(as_text)} are of different shapes and are kept as JSON text.",) if as_text else ()
    )
    return Table(pl.DataFrame([series for series, _ in made]), notes)


def _see_that_columns_are_kept(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    promised = set(names)
    for number, row in enumerate(rows, 1):
        if row.keys() == promised:
            continue
        missing = [name for name in names if name not in row]
        extra = _shown(sorted(row.keys() - promised))
        said = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(extra)} too"] * bool(extra)
        raise ProgramFailed(
            f"Row {number} of `result` {' and '.join(said)}. Each row must have exactly the promised columns: "
            f"{', '.join(names)}; what is not known is None."
        )


def _shown(names: Sequence[str]) -> list[str]:
    """They may come out of the tenant's data: a thousand of them, or one as long as a book."""
    more = [f"{len(names) - _MOST_SHOWN:,} more"] if len(names) > _MOST_SHOWN else []
    return [name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…" for name in names[:_MOST_SHOWN]] + more


def _kept(column: PromisedColumn, values: list[Any]) -> tuple[pl.Series, bool]:
    try:
        return _series(column, values)
    except (OverflowError, TypeError):
        raise ProgramFailed(f"{column.name!r} holds a number beyond 64 bits; give it as text.") from None


def _series(column: PromisedColumn, values: list[Any]) -> tuple[pl.Series, bool]:
    """The column, and whether it is JSON text because its values fit no one type."""
    name = column.name
    _see_that_kind_is_kept(column, values)
    match column.kind:
        case "time":
            return pl.Series(name, [_moment(name, number, one) for number, one in enumerate(values, 1)], _MOMENT), False
        case "list" | "record":
            dtype = _dtype_of(values)
            if dtype is None or not _is_kept_by_parquet(dtype) or len(str(dtype)) > _LONGEST_TYPE:
                return pl.Series(name, [_as_text(one) for one in values], pl.String), True
            return pl.Series(name, values, dtype), False
        case "number" if float not in set(map(type, values)):
            # Nobody writes a minimum length of 14.0.
            return pl.Series(name, values, _DTYPES["integer"]), False
        case plain:
            return pl.Series(name, values, _DTYPES[plain]), False


_Plain = Literal["text", "integer", "number", "flag"]
_DTYPES: Mapping[_Plain, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "flag": pl.Boolean(),
}
_KINDS: Mapping[str, frozenset[type]] = {
    "text": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "flag": frozenset({bool}),
    "time": frozenset({str}),
    "list": frozenset({list}),
    "record": frozenset({dict, list}),
}
_NONE = type(None)


def _see_that_kind_is_kept(column: PromisedColumn, values: Iterable[Any]) -> None:
    allowed = _KINDS[column.kind] | {_NONE}
    # A column of a million cells is judged by the few types that are in it.
    if set(map(type, values)) <= allowed:
        return
    number, wrong = next((number, one) for number, one in enumerate(values, 1) if type(one) not in allowed)
    raise ProgramFailed(
        f"Row {number} of `result` has {wrong!r:.{_SHOWN}} in {column.name!r}, which was promised to be "
        f"{column.kind} or None."
    )


def _moment(name: str, number: int, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ProgramFailed(
            f"Row {number} of `result` has {text!r:.{_SHOWN}} in {name!r}, which was promised to be a time in ISO 8601."
        ) from None


def _dtype_of(values: Iterable[Any], depth: int = 0) -> pl.DataType | None:
    """The one type of all these values; None where there is none. What is nowhere known is text."""
    if depth > _DEEPEST:
        return None
    found = [one for one in values if one is not None]
    kinds = set(map(type, found))
    if not kinds:
        return pl.String()
    if kinds == {int, float} or kinds == {float}:
        return pl.Float64()
    if len(kinds) > 1:
        return None
    one_type: Callable[[list[Any], int], pl.DataType | None] = _NESTED.get(kinds.pop(), lambda _, __: None)
    return one_type(found, depth + 1)


def _list_type(values: list[list[Any]], depth: int) -> pl.DataType | None:
    inner = _dtype_of((item for one in values for item in one), depth)
    return None if inner is None else pl.List(inner)


def _record_type(values: list[dict[str, Any]], depth: int) -> pl.DataType | None:
    names = list(dict.fromkeys(name for one in values for name in one))
    if len(names) > _MOST_KEYS:
        return None
    fields: list[pl.Field] = []
    for name in names:
        inner = _dtype_of((one.get(name) for one in values), depth)
        if inner is None:
            return None
        fields.append(pl.Field(name, inner))
    return pl.Struct(fields)


_NESTED: Mapping[type, Callable[[list[Any], int], pl.DataType | None]] = {
    str: lambda _, __: pl.String(),
    bool: lambda _, __: pl.Boolean(),
    int: lambda _, __: pl.Int64(),
    list: _list_type,
    dict: _record_type,
}


def _is_kept_by_parquet(dtype: pl.DataType) -> bool:
    """A record without any field cannot be written."""
    match dtype:
        case pl.Struct(fields=fields):
            return bool(fields) and all(_is_kept_by_parquet(_instance(field.dtype)) for field in fields)
        case pl.List(inner=inner):
            return _is_kept_by_parquet(_instance(inner))
        case _:
            return True


def _instance(dtype: Any) -> pl.DataType:
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return made


def _as_text(value: Any) -> str | None:
    try:
        return None if value is None else orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise ProgramFailed(f"A value of `result` cannot be kept ({error}); nest it less deep.") from None
