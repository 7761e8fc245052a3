"""The form in which a model writes a presentation: fixed slots, done in the order in which they stand here.

The whole language of `holdfast.presentation.recipe` takes three thousand tokens to describe, these slots less than six
hundred. What they leave out code adds from the columns: lists become text, yes and no become words, times say their
zone, what could not be read says so. `prompts/formatter` explains the slots to the model.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from holdfast.presentation.recipe import (
    Aggregate,
    Compare,
    Condition,
    Contains,
    Explode,
    Filter,
    IsEmpty,
    Join,
    Key,
    Measure,
    OneOf,
    Operation,
    Sort,
    SortKey,
    Taken,
    Top,
)

_COMPARES = frozenset({"=", "!=", "<", "<=", ">", ">="})


def _bare(schema: dict[str, Any]) -> None:
    """Leave out of a JSON schema what the prompt says better, or nobody need say: that null is the same as nothing."""
    for word in ("title", "description", "additionalProperties"):
        schema.pop(word, None)
    for name, slot in schema["properties"].items():
        slot.pop("default", None)
        if "anyOf" in slot:
            schema["properties"][name] = next(kind for kind in slot["anyOf"] if kind != {"type": "null"})


class _Slots(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_bare)


class Pair(_Slots):
    """Columns whose cells must be equal: of the rows so far, and of the step that is looked up."""

    left: str
    right: str


class Take(_Slots):
    """A column taken from the step that is looked up, under a new name where the old one is in use."""

    column: str
    name: str | None = None


class Lookup(_Slots):
    """Every row looked up in another step."""

    step: str
    on: tuple[Pair, ...]
    how: Literal["left", "inner", "anti"] = "left"
    take: tuple[Take, ...] = ()
    row_per_match: bool = False

    def operation(self) -> Join:
        """The join it is."""
        return Join(
            step=self.step,
            on=tuple(Key(left=pair.left, right=pair.right) for pair in self.on),
            how=self.how,
            matches="rows" if self.row_per_match else "lists",
            take=tuple(Taken(column=taken.column, name=taken.name or None) for taken in self.take),
        )


class Criterion(_Slots):
    """One condition on one column."""

    column: str
    test: Literal["=", "!=", "<", "<=", ">", ">=", "one_of", "contains", "empty"]
    # Without the bounds that the presentation has: some servers cannot read numbers of 64 bits in a schema.
    values: tuple[bool | int | float | str, ...] = ()
    negated: bool = False

    @model_validator(mode="after")
    def _has_its_values(self) -> Self:
        if (self.test in _COMPARES or self.test == "contains") and len(self.values) != 1:
            raise ValueError(f"{self.test} takes exactly one value")
        return self

    def condition(self) -> Condition:
        """The condition it is."""
        if self.test == "empty":
            return IsEmpty(column=self.column, negated=self.negated)
        if self.test == "one_of":
            return OneOf(column=self.column, values=self.values, negated=self.negated)
        if self.test == "contains":
            return Contains(column=self.column, text=str(self.values[0]), negated=self.negated)
        return Compare(column=self.column, operator=self.test, value=self.values[0], negated=self.negated)


class Number(_Slots):
    """One number, or list, for each group."""

    name: str
    of: Literal["count", "distinct", "sum", "mean", "median", "min", "max", "share", "share_true", "list"]
    column: str | None = None


class Order(_Slots):
    """A column to sort by."""

    column: str
    descending: bool = False


class Show(_Slots):
    """A column that is shown. `known` names its marker where the names do not tell; `at_most` bounds a list."""

    column: str
    heading: str | None = None
    zone: str | None = None
    precision: Literal["day", "minute", "second"] = "minute"
    decimals: int | None = None
    at_most: int | None = None
    known: str | None = None
    if_empty: str | None = None


class ShortRecipe(_Slots):
    """A whole presentation. `where` and `having` hold groups: of each, one criterion must hold."""

    source: str
    joins: tuple[Lookup, ...] = ()
    explode: tuple[str, ...] = ()
    where: tuple[tuple[Criterion, ...], ...] = ()
    group_by: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    having: tuple[tuple[Criterion, ...], ...] = ()
    sort: tuple[Order, ...] = ()
    top: int | None = None
    columns: Annotated[tuple[Show, ...], Field(min_length=1)]
    summary: str
    text: str | None = None
    when_empty: str | None = None

    def row_operations(self) -> tuple[Operation, ...]:
        """What is done to the rows before their cells are worded. Raises pydantic's ValidationError."""
        return (
            *(lookup.operation() for lookup in self.joins),
            *(Explode(column=column) for column in self.explode),
            *_filters(self.where),
            *self._aggregate(),
            *_filters(self.having),
            *self._order(),
            *((Top(rows=self.top),) if self.top is not None else ()),
        )

    def _aggregate(self) -> tuple[Operation, ...]:
        if not self.group_by and not self.numbers:
            return ()
        measures = (
            Measure(function=number.of, column=number.column or None, name=number.name) for number in self.numbers
        )
        return (Aggregate(by=self.group_by, measures=tuple(measures)),)

    def _order(self) -> tuple[Operation, ...]:
        if not self.sort:
            return ()
        return (Sort(by=tuple(SortKey(column=key.column, descending=key.descending) for key in self.sort)),)


def _filters(groups: tuple[tuple[Criterion, ...], ...]) -> tuple[Operation, ...]:
    return tuple(Filter(any_of=tuple(test.condition() for test in tests)) for tests in groups)
