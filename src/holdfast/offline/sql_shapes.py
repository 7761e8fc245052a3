"""What an SQL step asks of earlier steps' rows, as data: the offline planner writes it, `offline.sql` compiles it.

Rows are taken from one step, matched with those of others, filtered, counted and ordered, in this order. Columns are
named as in the rows; those of a matched step by the name that `take` gives them. A column that is listed counts for
each of its items.

A row of which it is unknown whether it belongs to the answer is kept and marked: `unsure` names columns of the first
step that hold the reason (`unread`). Such rows pass every match and filter but those that are `known` of them, too, and
are "unknown" in the column `fits`, the others "yes"; where rows are counted, they are counted apart, in
`unknown_count`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

_Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Value(BaseModel):
    # A reviewer may edit a plan: nothing unknown passes.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Taken(_Value):
    """A column of a matched step, and what it is called in the rows from here on."""

    column: _Text
    name: _Text


class Match(_Value):
    """Rows of `step` whose `theirs` equals `ours`.

    ``with`` keeps the rows that have one, ``without`` those that have none (never opened), ``beside`` keeps all and
    ``only`` those that have one, and both put `take` beside each row for each match. With `doubted`, a row that names
    one who is not there is unsure: the other step may be older than its own.
    """

    step: _Text
    ours: _Text
    theirs: _Text
    way: Literal["with", "without", "beside", "only"]
    take: tuple[Taken, ...] = ()
    doubted: bool = False
    # Whether it can be told of rows that are unsure, too.
    known: bool = False

    @model_validator(mode="after")
    def _takes_where_there_is_something(self) -> Self:
        if self.take and self.way in ("with", "without"):
            raise ValueError(f"a match `{self.way}` takes no columns")
        if self.doubted and self.way != "beside":
            raise ValueError(f"a match `{self.way}` is not doubted")
        return self


class Filter(_Value):
    """A condition on one column.

    ``is``/``is_not``: one of `values`, in any case of letters; ``contains``: one of them within; ``at_least``,
    ``at_most``: the number; ``since``, ``until``: the moment in UTC, which is itself within ``since`` and not within
    ``until``; ``empty``, ``filled``: no value at all. Of an empty cell only ``empty`` and ``is_not`` hold.
    """

    column: _Text
    test: Literal["is", "is_not", "contains", "at_least", "at_most", "since", "until", "empty", "filled"]
    values: tuple[str | bool | int | float, ...] = ()
    moment: datetime | None = None
    # Whether it can be told of rows that are unsure, too.
    known: bool = False

    @model_validator(mode="after")
    def _says_with_what(self) -> Self:
        if self.test in ("since", "until"):
            if self.moment is None:
                raise ValueError(f"`{self.test}` needs a moment")
        elif self.test in ("at_least", "at_most"):
            if len(self.values) != 1 or isinstance(self.values[0], str | bool):
                raise ValueError(f"`{self.test}` needs one number")
        elif self.test not in ("empty", "filled") and not self.values:
            raise ValueError(f"`{self.test}` needs values")
        return self


class Measure(_Value):
    """A figure of each group. `percent` is the part of all counted rows; the others are of `column`.

    `count_of` is how many rows have `value` there, and `share_of` what percentage of those that do not have `unknown`
    there: null where all of them do.
    """

    name: _Text
    figure: Literal[
        "count", "percent", "count_distinct", "count_of", "share_of", "sum", "least", "most", "average", "list"
    ]
    column: _Text | None = None
    value: _Text | None = None
    unknown: _Text | None = None

    @model_validator(mode="after")
    def _has_a_column_where_it_is_of_one(self) -> Self:
        if (self.column is None) != (self.figure in ("count", "percent")):
            raise ValueError(f"`{self.figure}` {'needs a' if self.column is None else 'is of no'} column")
        if (self.value is None) != (self.figure not in ("count_of", "share_of")):
            raise ValueError(f"`{self.figure}` {'needs a' if self.value is None else 'is of no'} value")
        if (self.unknown is None) != (self.figure != "share_of"):
            raise ValueError(f"`{self.figure}` {'needs to know what is' if self.unknown is None else 'has no'} unknown")
        return self


class Sorted(_Value):
    """A column to order by; empty cells come last."""

    column: _Text
    descending: bool = False


class SqlMeaning(_Value):
    """One question about rows. With `measures` one row for each combination of `by`; else the rows' `columns`.

    `having` is about the measures. `each_once` leaves out repeated rows. Rows come in `order`, then by all that is
    shown, so that a limit always cuts the same.
    """

    shape: Literal["sql"] = "sql"
    step: _Text
    matches: tuple[Match, ...] = ()
    filters: tuple[Filter, ...] = ()
    unsure: tuple[_Text, ...] = ()
    columns: tuple[_Text, ...] = ()
    by: tuple[_Text, ...] = ()
    measures: tuple[Measure, ...] = ()
    having: tuple[Filter, ...] = ()
    each_once: bool = False
    order: tuple[Sorted, ...] = ()
    limit: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _lists_or_counts(self) -> Self:
        if bool(self.columns) == bool(self.measures):
            raise ValueError("it either lists columns or has measures")
        if (self.by or self.having) and not self.measures:
            raise ValueError("`by` and `having` belong to measures")
        shown = (*self.columns, *self.by, *(measure.name for measure in self.measures))
        if len(set(shown)) < len(shown):
            raise ValueError("a column is shown once")
        return self


class SqlParameters(BaseModel):
    """The parameters of an SQL step whose meaning is data; what else stands there is the formatter's."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    meaning: SqlMeaning
