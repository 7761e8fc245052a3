"""Columns by their name, whatever the name is."""

from __future__ import annotations

import polars as pl


def column(name: str) -> pl.Expr:
    """The column of exactly this name.

    `pl.col` takes `*` and `^…$` for patterns; an attribute of a tenant may be called so.
    """
    is_pattern = name == "*" or (name.startswith("^") and name.endswith("$"))
    return pl.col(f"^{pl.escape_regex(name)}$") if is_pattern else pl.col(name)
