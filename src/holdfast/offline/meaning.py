"""What a question means, as data: the planner writes it, the Cypher writer compiles it, the formatter reads it.

A step's `parameters` are a `StepMeaning` as JSON:

``meaning``
    What the step asks, by ``shape``:

    ==========  ================================================  ==========================================
    shape       asks                                              rows
    ==========  ================================================  ==========================================
    things      a list of people, groups, applications …          one for each thing
    paths       who can open what, and by which path              one for each person, application and path
    role_paths  who holds which admin role, by which path      one for each person, role and path
    pairs       which thing is linked to which                    one for each pair
    tally       how many, in all or by an attribute               one, or one for each value
    ranking     how many linked things each one has               one for each thing
    breakdown   how many, and what part, by attributes            one for each combination of values
    spread      the median, average … of how many each has        one, or one for each value
    peers       how many each has, beside the median of peers     one for each person
    months      how many people joined or left                    one for each month
    alike       who shares an address, a number, a name           one for each thing that shares it
    holdings    what two people have, compared                    one for each group, application, role
    loss        what people lose without a group                  one for each person and thing lost
    ==========  ================================================  ==========================================

    ``unsure`` names links that the tenant did not tell of everything ("enrolled": somebody's factors). Those of whom
    it is unknown for that reason alone whether they are asked for are in the rows too, marked "unknown" in the column
    ``fits`` (the others are "yes"); a tally counts them in ``unknown_count``.

``columns``
    The columns to show, in this order: ``[{"name": "login", "heading": "Login", "kind": "text"}, …]``. ``kind`` is
    ``text``, ``time``, ``flag``, ``number`` or ``list``. The rows also hold an id column for each thing in a row
    (``user_id``, ``group_id``, ``application_id``, …), first and not among ``columns``: they join, nobody reads them.
``order``
    How the shown rows are sorted: ``[{"column": "login", "descending": false}, …]``, nulls last.
``join``
    None for the step whose rows are the answer. A further step belongs to that one's rows:
    ``{"on": "user_id", "as": "list"}`` puts its ``columns`` beside the row with the same ``user_id``, each as a list
    of its distinct values in the step's order; a row without a partner gets an empty list.
``noun``
    What the rows of a list are, or what a tally counts: ``{"one": "person", "many": "people"}``.
``note``
    Sentences that the reader needs to take the rows right, also at the end of `understood_as`; often empty.

In rows a null means that nothing is there, but for a count: a count that could not be read is null, never 0. In a
tally by an attribute, null is the row of the things without a value.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from holdfast.offline.links import Kind, Link


class _Value(BaseModel):
    # Reviewers may edit a plan, so parameters are outside input: nothing unknown passes.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Operator(StrEnum):
    """How a column is compared with values; several values mean any of them."""

    IS = "is"
    SPELT = "spelt"
    CONTAINS = "contains"
    STARTS = "starts"
    ENDS = "ends"


class Compare(_Value):
    """A column's value `is` one of `values`; or is spelt, contains, starts or ends like one, in any case of letters.

    Of a column that holds a list, one of its items.
    """

    type: Literal["compare"] = "compare"
    column: str
    operator: Operator = Operator.IS
    values: tuple[str | bool | int, ...] = Field(min_length=1)


class Within(_Value):
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


class Missing(_Value):
    """A column has no value."""

    type: Literal["missing"] = "missing"
    column: str


class Named(_Value):
    """One of the things with these ids; `names` says so to a reader."""

    type: Literal["named"] = "named"
    ids: tuple[str, ...] = Field(min_length=1)
    names: tuple[str, ...]


class Linked(_Value):
    """Linked to at least `at_least` and at most `at_most` (None: any number) things of `target`."""

    type: Literal["linked"] = "linked"
    link: Link
    target: Selection
    at_least: int = Field(default=1, ge=0)
    at_most: int | None = Field(default=None, ge=0)


class Only(_Value):
    """Linked to some things of `target` and to no others; `besides` are others that do not count."""

    type: Literal["only"] = "only"
    link: Link
    target: Selection
    besides: Selection | None = None


class AllOf(_Value):
    """Every one of `conditions`."""

    type: Literal["all"] = "all"
    conditions: tuple[Condition, ...] = Field(min_length=2)


class AnyOf(_Value):
    """At least one of `conditions`."""

    type: Literal["any"] = "any"
    conditions: tuple[Condition, ...] = Field(min_length=2)


class Not(_Value):
    """Surely not `condition`: where the tenant could not be read, neither it nor its opposite holds."""

    type: Literal["not"] = "not"
    condition: Condition


Condition = Annotated[
    Compare | Within | Missing | Named | Linked | Only | AllOf | AnyOf | Not,
    Field(discriminator="type"),
]


class Selection(_Value):
    """Things of one kind, all of them or those with a condition."""

    kind: Kind
    where: Condition | None = None


class Things(_Value):
    """A list of things; `also` are columns shown besides the usual ones.

    `order` names columns of the things; `limit` keeps so many of the first in that order.
    """

    shape: Literal["things"] = "things"
    subject: Selection
    also: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = Field(default=None, ge=1, le=100_000)
    unsure: tuple[Link, ...] = ()


class Paths(_Value):
    """Who can open what, directly or through which group. `focus` is what the question asks for.

    `way` keeps the paths of one way only.
    """

    shape: Literal["paths"] = "paths"
    people: Selection
    applications: Selection
    focus: Literal[Kind.PERSON, Kind.APPLICATION]
    way: Literal["any", "directly", "group"] = "any"
    unsure: tuple[Link, ...] = ()


class RolePaths(_Value):
    """Who holds which admin role, directly or through which group; `way` keeps the paths of one way only."""

    shape: Literal["role_paths"] = "role_paths"
    people: Selection
    roles: Selection
    focus: Literal[Kind.PERSON, Kind.ROLE]
    way: Literal["any", "directly", "group"] = "any"
    unsure: tuple[Link, ...] = ()


class Pairs(_Value):
    """Every subject with every target that it is linked to."""

    shape: Literal["pairs"] = "pairs"
    subject: Selection
    link: Link
    target: Selection
    unsure: tuple[Link, ...] = ()


class Tally(_Value):
    """How many subjects, in all or for each value of the column `by`."""

    shape: Literal["tally"] = "tally"
    subject: Selection
    by: str | None = None
    unsure: tuple[Link, ...] = ()


class Ranking(_Value):
    """How many targets each subject is linked to, the most first (or the fewest); `limit` keeps that many.

    `ties` keeps every subject that has as many as the first, and no other.
    """

    shape: Literal["ranking"] = "ranking"
    subject: Selection
    link: Link
    target: Selection
    fewest_first: bool = False
    limit: int | None = Field(default=None, ge=1, le=100_000)
    ties: bool = False


class Breakdown(_Value):
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


class Spread(_Value):
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


class Peers(_Value):
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


class Months(_Value):
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


class Alike(_Value):
    """Subjects that share a value with another subject. `columns`: each part is columns whose values are compared.

    Letters' case and spaces around do not count; of phone numbers only the digits do. Nothing is like nothing.
    """

    shape: Literal["alike"] = "alike"
    subject: Selection
    columns: tuple[tuple[str, ...], ...] = Field(min_length=1, max_length=6)


class Holdings(_Value):
    """Groups, applications and admin roles of two people; `who` has those to show."""

    shape: Literal["holdings"] = "holdings"
    first: Selection
    second: Selection
    who: tuple[Literal["first", "both", "second"], ...] = Field(min_length=1, max_length=3)


class Loss(_Value):
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
Meaning = Annotated[Things | Paths | RolePaths | Pairs | Tally | Ranking | Numbers, Field(discriminator="shape")]


class ShownColumn(_Value):
    """A column that the reader sees."""

    name: str
    heading: str
    kind: Literal["text", "time", "flag", "number", "list"] = "text"


class Order(_Value):
    """One key of the rows' order."""

    column: str
    descending: bool = False


class Join(_Value):
    """How the rows of a further step belong to those of the first."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    on: str
    as_: Literal["list"] = Field(default="list", alias="as")


class Noun(_Value):
    """A word for the rows."""

    one: str
    many: str


class StepMeaning(_Value):
    """The `parameters` of an offline step; see the module's docstring."""

    meaning: Meaning
    columns: tuple[ShownColumn, ...]
    order: tuple[Order, ...]
    join: Join | None = None
    noun: Noun
    note: str = ""


class Counted(_Value):
    """The things linked to each subject that a ranking counts."""

    link: Link
    target: Selection


class Asked(_Value):
    """A whole question as it was understood, before it becomes steps."""

    mode: Literal["list", "count", "rank"] = "list"
    subject: Selection
    # count: the column whose values are counted one by one.
    by: str | None = None
    # rank: what is counted for each subject.
    counted: Counted | None = None
    fewest_first: bool = False
    limit: int | None = None
    # rank: every one that has as many as the first.
    ties: bool = False
    # An answer of a shape of its own; nothing else of this is read then but `subject`.
    numbers: Annotated[Numbers, Field(discriminator="shape")] | None = None
    # list: columns to show besides the usual ones, and those it is sorted by; `limit` keeps the first.
    also: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    # list: whether each path of access is wanted, also where the answer would not have them by itself.
    paths: bool = False
    # list: links of the subjects whose targets are shown beside them.
    beside: tuple[Link, ...] = ()


_NUMBERS = (Breakdown, Spread, Peers, Months, Alike, Holdings, Loss)
_CONDITIONS = (Linked, Only, AllOf, AnyOf, Not, Selection)
for _model in (*_CONDITIONS, Things, Paths, RolePaths, Pairs, Tally, Ranking, *_NUMBERS, StepMeaning):
    _model.model_rebuild()
Counted.model_rebuild()
Asked.model_rebuild()
