"""The recipe of an answer: what is done to the steps' rows, said as data.

A formatter, offline or a model, writes it; it never holds a value of the table. Everything here is outside input:
unknown fields are refused, and `holdfast.presentation.fitting` holds every name against the columns there are.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# More than this is a recipe nobody can read; the longest sensible one so far has eight.
MAX_OPERATIONS = 40

NOTHING_MATCHES = "Nothing matches."

Name = Annotated[str, Field(min_length=1, max_length=200)]
# What stands in JSON; a time is ISO text. Bounds as in the columns: 64 bits, finite.
Value = bool | Annotated[int, Field(ge=-(2**63), lt=2**63)] | Annotated[float, Field(allow_inf_nan=False)] | str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shown(_Part):
    """A column that is shown, and its heading; without one the name is made readable."""

    column: Name
    heading: Name | None = None


class Choose(_Part):
    """Keep these columns, in this order, under these headings; `hidden` ones stay for counting and are not shown."""

    op: Literal["choose"] = "choose"
    columns: Annotated[tuple[Shown, ...], Field(min_length=1, max_length=200)]
    hidden: Annotated[tuple[Name, ...], Field(max_length=20)] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """Every column that stays."""
        return (*(shown.column for shown in self.columns), *self.hidden)


class Rename(_Part):
    """Give a column another name; its heading stays."""

    op: Literal["rename"] = "rename"
    column: Name
    to: Name


class Key(_Part):
    """A pair of columns whose values must be equal; an empty cell equals nothing."""

    left: Name
    right: Name


class Taken(_Part):
    """A column taken from the joined step, under a new name where the old one is in use."""

    column: Name
    name: Name | None = None

    @property
    def result(self) -> str:
        """The name it has after the join."""
        return self.name or self.column


class Join(_Part):
    """Look up every row in another step.

    `left` keeps rows that find nothing, `inner` drops them, `anti` keeps only them and takes no column. With
    `matches="rows"` a row stands once for each match; with `"lists"` it stands once and the taken columns are lists,
    empty where nothing was found.
    """

    op: Literal["join"] = "join"
    step: Name
    on: Annotated[tuple[Key, ...], Field(min_length=1, max_length=5)]
    how: Literal["left", "inner", "anti"] = "left"
    matches: Literal["rows", "lists"] = "lists"
    take: tuple[Taken, ...] = ()

    @model_validator(mode="after")
    def _takes_what_it_can(self) -> Self:
        if self.how == "anti" and self.take:
            raise ValueError("an anti join keeps rows that found nothing, so it takes no columns")
        if self.how == "left" and not self.take:
            raise ValueError("a left join that takes no columns does nothing")
        return self


class Compare(_Part):
    """The cell against a value of its own type: text as it is, a time with ISO text (without a zone: UTC)."""

    test: Literal["compare"] = "compare"
    column: Name
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    value: Value
    negated: bool = False


class OneOf(_Part):
    """The cell is one of these values; for a list, one of its items is."""

    test: Literal["one_of"] = "one_of"
    column: Name
    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=1_000)]
    negated: bool = False


class Contains(_Part):
    """The cell's text holds this text, whatever the case; for a list, one of its items does."""

    test: Literal["contains"] = "contains"
    column: Name
    text: Annotated[str, Field(min_length=1, max_length=1_000)]
    negated: bool = False


class IsEmpty(_Part):
    """The cell holds nothing: null, empty text or an empty list."""

    test: Literal["is_empty"] = "is_empty"
    column: Name
    negated: bool = False


Condition = Annotated[Compare | OneOf | Contains | IsEmpty, Field(discriminator="test")]


class Filter(_Part):
    """Keep rows for which any of the conditions holds; several filters one after the other mean "and".

    A condition about an empty cell does not hold, so its negation does: a filter and its negation part the rows.
    """

    op: Literal["filter"] = "filter"
    any_of: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=50)]


class Measure(_Part):
    """One number (or list) for each group.

    `count` counts rows, or with a column its cells that hold something; `distinct` its different values;
    `share` is the percentage of all rows that are in the group; `share_true` the percentage of yes among the
    cells of a boolean column that are known; `list` gathers the cells. Empty cells count for nothing.
    """

    function: Literal["count", "distinct", "sum", "mean", "median", "min", "max", "share", "share_true", "list"]
    column: Name | None = None
    name: Name

    @model_validator(mode="after")
    def _has_its_column(self) -> Self:
        if self.function == "share" and self.column is not None:
            raise ValueError("share is of rows and takes no column")
        if self.function not in {"count", "share"} and self.column is None:
            raise ValueError(f"{self.function} needs a column")
        return self


class Aggregate(_Part):
    """One row for each combination of `by`, in order of first appearance; without `by` one row for all.

    Without measures: the different combinations.
    """

    op: Literal["aggregate"] = "aggregate"
    by: tuple[Name, ...] = ()
    measures: tuple[Measure, ...] = ()

    @model_validator(mode="after")
    def _gives_a_column(self) -> Self:
        if not self.by and not self.measures:
            raise ValueError("an aggregate needs columns to group by or a measure")
        return self


class SortKey(_Part):
    """A column to sort by. Text sorts without regard to case; empty cells come last."""

    column: Name
    descending: bool = False


class Sort(_Part):
    """Put the rows in order; rows that are equal stay as they were."""

    op: Literal["sort"] = "sort"
    by: Annotated[tuple[SortKey, ...], Field(min_length=1, max_length=10)]


class Top(_Part):
    """Keep the first rows. The answer's row counts say how many were left out."""

    op: Literal["top"] = "top"
    rows: Annotated[int, Field(ge=1)]


class Explode(_Part):
    """One row for each item of a list; a row whose list is empty stays, with an empty cell."""

    op: Literal["explode"] = "explode"
    column: Name


class ListText(_Part):
    """A list as text: its different items without the empty ones, sorted; those over the limit are counted.

    `["b", "a", "b", "c"]` with a limit of two reads "a, b and 1 more".
    """

    op: Literal["list_text"] = "list_text"
    column: Name
    separator: Annotated[str, Field(min_length=1, max_length=10)] = ", "
    limit: Annotated[int, Field(ge=1)] | None = None


class DateText(_Part):
    """A time as text in a time zone; times without a zone are UTC."""

    op: Literal["date_text"] = "date_text"
    column: Name
    zone: Name = "UTC"
    precision: Literal["day", "minute", "second"] = "minute"


class Round(_Part):
    """A number rounded to so many decimals, halves away from zero."""

    op: Literal["round"] = "round"
    column: Name
    decimals: Annotated[int, Field(ge=0, le=10)] = 1


class Words(_Part):
    """A boolean as words; an empty cell is unknown."""

    op: Literal["words"] = "words"
    column: Name
    yes: str = "yes"
    no: str = "no"
    unknown: str = "unknown"


class Unknown(_Part):
    """Say where a column could not be read: the marker column `known` is false or empty there.

    There a cell that holds nothing (null, empty text, zero, no) reads `word`; any other but a yes, which is certain,
    is followed by `partly`. The column becomes text.
    """

    op: Literal["unknown"] = "unknown"
    column: Name
    known: Name
    word: str = "unknown"
    partly: str = " (incomplete)"


class FillEmpty(_Part):
    """Words where a cell is empty: null, empty text or an empty list. The column becomes text; lists must be before."""

    op: Literal["fill_empty"] = "fill_empty"
    column: Name
    word: Name


Operation = Annotated[
    Choose
    | Rename
    | Join
    | Filter
    | Aggregate
    | Sort
    | Top
    | Explode
    | ListText
    | DateText
    | Round
    | Words
    | Unknown
    | FillEmpty,
    Field(discriminator="op"),
]


class Presentation(_Part):
    """The recipe of an answer: where it starts, what is done in which order, and the words around it.

    `summary`, `markdown` and `when_empty` are templates; see `holdfast.presentation.templates` for what may stand in
    braces. `markdown` is shown in place of a table when `display_type` says so, `when_empty` when no row is left.
    """

    source: Name
    operations: Annotated[tuple[Operation, ...], Field(max_length=MAX_OPERATIONS)] = ()
    display_type: Literal["table", "markdown"] = "table"
    summary: Annotated[str, Field(max_length=4_000)]
    markdown: Annotated[str, Field(max_length=20_000)] = ""
    when_empty: Annotated[str, Field(min_length=1, max_length=1_000)] = NOTHING_MATCHES

    @model_validator(mode="after")
    def _markdown_has_its_text(self) -> Self:
        if self.display_type == "markdown" and not self.markdown.strip():
            raise ValueError("a markdown presentation needs the text in `markdown`")
        return self
