"""Columns by their name, whatever the name is, and in types that every reader of rows knows."""

from __future__ import annotations

import polars as pl
from polars.datatypes import DataTypeClass


def column(name: str) -> pl.Expr:
    """The column of exactly this name.

    `pl.col` takes `*` and `^…$` for patterns; an attribute of a tenant may be called so.
    """
    is_pattern = name == "*" or (name.startswith("^") and name.endswith("$"))
    return pl.col(f"^{pl.escape_regex(name)}$") if is_pattern else pl.col(name)


def in_plain_types(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The same rows in text, numbers, booleans, days and moments, and lists and structs of these.

    A query may give others: arrays become lists, durations ISO text, bytes base64 text, decimals floats.
    """
    schema = rows.collect_schema()
    others = {name: dtype for name, dtype in schema.items() if not _is_plain(dtype)}
    return rows.with_columns(_plain(column(name), dtype).alias(name) for name, dtype in others.items())


def _is_plain(dtype: pl.DataType) -> bool:
    match dtype:
        case pl.List():
            return _is_plain(_inner(dtype))
        case pl.Struct():
            return all(_is_plain(_instance(field.dtype)) for field in dtype.fields)
        case pl.Array() | pl.Duration() | pl.Binary() | pl.Decimal() | pl.Time() | pl.Categorical() | pl.Enum():
            return False
        case _:
            return True


def _plain(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if _is_plain(dtype):
        return cell
    match dtype:
        case pl.Array():
            return _plain(cell.arr.to_list(), pl.List(dtype.inner))
        case pl.List():
            return cell.list.eval(_plain(pl.element(), _inner(dtype)))
        case pl.Struct():
            fields = (_plain(cell.struct.field(f.name), _instance(f.dtype)).alias(f.name) for f in dtype.fields)
            return pl.when(cell.is_not_null()).then(pl.struct(*fields))
        case pl.Duration():
            return cell.dt.to_string("iso")
        case pl.Binary():
            return cell.bin.encode("base64")
        case pl.Decimal():
            return cell.cast(pl.Float64)
        case _:
            return cell.cast(pl.String)


def _inner(dtype: pl.List) -> pl.DataType:
    return _instance(dtype.inner)


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype
