"""Which things are meant: a kind and a condition, as data. Part of `holdfast.offline.meaning`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from holdfast.offline.meaning.links import Kind, Link


class Value(BaseModel):
    """What a plan may say: outside input, since reviewers may edit it."""

    # Nothing unknown passes.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Operator(StrEnum):
    """How a column is compared with values; several values mean any of them."""

    IS = "is"
    SPELT = "spelt"
    CONTAINS = "contains"
    STARTS = "starts"
    ENDS = "ends"


class Compare(Value):
    """A column's value `is` one of `values`; or is spelt, contains, starts or ends like one, in any case of letters.

    Of a column that holds a list, one of its items.
    """

    type: Literal["compare"] = "compare"
    column: str
    operator: Operator = Operator.IS
    values: tuple[str | bool | int, ...] = Field(min_length=1)


class Within(Value):
    """A time is at or after `start` and before `end` (UTC); a thing without that time never is."""

    type: Literal["within"] = "within"
    column: str
    start: datetime | None = None
    end: datetime | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.start is None and self.end is None:
            raise ValueError("a time window needs a start or an end")
        return self


class Missing(Value):
    """A column has no value."""

    type: Literal["missing"] = "missing"
    column: str


class Named(Value):
    """One of the things with these ids; `names` says so to a reader."""

    type: Literal["named"] = "named"
    ids: tuple[str, ...] = Field(min_length=1)
    names: tuple[str, ...]


class Linked(Value):
    """Linked to at least `at_least` and at most `at_most` (None: any number) things of `target`."""

    type: Literal["linked"] = "linked"
    link: Link
    target: Selection
    at_least: int = Field(default=1, ge=0)
    at_most: int | None = Field(default=None, ge=0)


class Only(Value):
    """Linked to some things of `target` and to no others; `besides` are others that do not count."""

    type: Literal["only"] = "only"
    link: Link
    target: Selection
    besides: Selection | None = None


class AllOf(Value):
    """Every one of `conditions`."""

    type: Literal["all"] = "all"
    conditions: tuple[Condition, ...] = Field(min_length=2)


class AnyOf(Value):
    """At least one of `conditions`."""

    type: Literal["any"] = "any"
    conditions: tuple[Condition, ...] = Field(min_length=2)


class Not(Value):
    """Surely not `condition`: where the tenant could not be read, neither it nor its opposite holds."""

    type: Literal["not"] = "not"
    condition: Condition


Condition = Annotated[
    Compare | Within | Missing | Named | Linked | Only | AllOf | AnyOf | Not,
    Field(discriminator="type"),
]


class Selection(Value):
    """Things of one kind, all of them or those with a condition."""

    kind: Kind
    where: Condition | None = None


for _model in (Linked, Only, AllOf, AnyOf, Not, Selection):
    _model.model_rebuild()
