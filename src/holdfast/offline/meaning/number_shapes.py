"""Shapes of answers that are numbers or comparisons. Part of `holdfast.offline.meaning`."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.meaning.selection import Condition, Selection, Value


class Breakdown(Value):
    """How many subjects there are for each combination of values of `by`, and of how many of them `matching` holds.

    `percent`: what part of those of whom it is known; without `matching`, what part of all subjects. The rows are in
    order of the last number asked for. With `limit`, `ties` or a bound they are of things that have a value.
    """

    shape: Literal["breakdown"] = "breakdown"
    subject: Selection
    by: tuple[str, ...] = Field(default=(), max_length=3)
    matching: Condition | None = None
    percent: bool = False
    lowest_first: bool = False
    limit: int | None = Field(default=None, ge=1, le=100_000)
    ties: bool = False
    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)


class Figure(StrEnum):
    """One number for many."""

    MEDIAN = "median"
    AVERAGE = "average"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


class Spread(Value):
    """Of how many targets the subjects are linked to: the median, the average …, in all or for each value of `by`.

    A subject whose number is unknown counts for none of them. The rows are in order of the first figure.
    """

    shape: Literal["spread"] = "spread"
    subject: Selection
    link: Link
    target: Selection
    figures: tuple[Figure, ...] = Field(min_length=1, max_length=len(Figure))
    by: str | None = None
    lowest_first: bool = False
    ties: bool = False


class Peers(Value):
    """How many targets each person is linked to, beside the median of everybody with the same value of `by`."""

    shape: Literal["peers"] = "peers"
    subject: Selection
    link: Link
    target: Selection
    by: str
    limit: int | None = Field(default=None, ge=1, le=100_000)


class Flow(StrEnum):
    """What may have happened to somebody in a month."""

    JOINED = "joined"
    HIRED = "hired"
    LEFT = "left"


class Months(Value):
    """How many of the subjects joined (account created), were hired or left (deprovisioned) in each month.

    The months from that of `start` to that of the moment before `end`, also those in which nothing happened.
    """

    shape: Literal["months"] = "months"
    subject: Selection
    flows: tuple[Flow, ...] = Field(min_length=1, max_length=len(Flow))
    start: datetime
    end: datetime

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if not timedelta(0) < self.end - self.start < timedelta(days=3700):
            raise ValueError("the months must be more than none and at most ten years")
        return self


class Alike(Value):
    """Subjects that share a value with another subject. `columns`: each part is columns whose values are compared.

    Letters' case and spaces around do not count; of phone numbers only the digits do. Nothing is like nothing.
    """

    shape: Literal["alike"] = "alike"
    subject: Selection
    columns: tuple[tuple[str, ...], ...] = Field(min_length=1, max_length=6)


class Holdings(Value):
    """Groups, applications and admin roles of two people; `who` has those to show."""

    shape: Literal["holdings"] = "holdings"
    first: Selection
    second: Selection
    who: tuple[Literal["first", "both", "second"], ...] = Field(min_length=1, max_length=3)


class Loss(Value):
    """What people would surely lose if they were in none of `groups`: nothing else gives it to them.

    `kinds` of things: applications among `applications`, admin roles. `focus` is what the question asks for.
    """

    shape: Literal["loss"] = "loss"
    people: Selection
    groups: Selection
    applications: Selection
    kinds: tuple[Literal[Kind.APPLICATION, Kind.ROLE], ...] = Field(min_length=1, max_length=2)
    focus: Literal[Kind.PERSON, Kind.APPLICATION, Kind.ROLE]


Numbers = Breakdown | Spread | Peers | Months | Alike | Holdings | Loss
