"""What a question means, as data: the planner writes it, a writer compiles it, the formatter reads it.

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
    inventory   what the live tenant lists of one family          one for each thing, or counts
    of_each     what things of an earlier step have, read live    one for each pair, or each thing had
    tested      of which of them something holds, read live       those of the earlier step, or counts
    sql         what the rows of earlier steps come to            see `holdfast.offline.sql_shapes`
    ==========  ================================================  ==========================================

    Those of the system log stand in `holdfast.offline.live.log.shapes`.

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
``feeds``
    Whether the rows are only there for a later step to go on with, and are not shown where that one ran.
``like``
    What the rows are to be shown as, where that is not what the step asks: rows that SQL counted, as the numbers of
    the snapshot that they are like.
``note``
    Sentences that the reader needs to take the rows right, also at the end of `understood_as`; often empty.

In rows a null means that nothing is there, but for a count: a count that could not be read is null, never 0. In a
tally by an attribute, null is the row of the things without a value.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from holdfast.offline.live.log.shapes import LogMeaning
from holdfast.offline.live.shapes import Inventory, LiveMeaning, OfEach, Tested
from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.meaning.number_shapes import (
    Alike,
    Breakdown,
    Figure,
    Flow,
    Holdings,
    Loss,
    Months,
    Numbers,
    Peers,
    Spread,
)
from holdfast.offline.meaning.selection import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Linked,
    Missing,
    Named,
    Not,
    Only,
    Operator,
    Selection,
    Value,
    Within,
)
from holdfast.offline.meaning.showing import Join, Noun, Order, ShownColumn
from holdfast.offline.sql_shapes import SqlMeaning

__all__ = [
    "Alike",
    "AllOf",
    "AnyOf",
    "Asked",
    "Breakdown",
    "Compare",
    "Condition",
    "Counted",
    "Figure",
    "Flow",
    "GraphMeaning",
    "Holdings",
    "Inventory",
    "Join",
    "Linked",
    "LiveMeaning",
    "LogMeaning",
    "Loss",
    "Meaning",
    "Missing",
    "Months",
    "Named",
    "Not",
    "Noun",
    "Numbers",
    "OfEach",
    "Only",
    "Operator",
    "Order",
    "Pairs",
    "Paths",
    "Peers",
    "Ranking",
    "RolePaths",
    "Selection",
    "ShownColumn",
    "Spread",
    "StepMeaning",
    "Tally",
    "Tested",
    "Things",
    "Within",
]


class Things(Value):
    """A list of things; `also` are columns shown besides the usual ones.

    `order` names columns of the things; `limit` keeps so many of the first in that order.
    """

    shape: Literal["things"] = "things"
    subject: Selection
    also: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = Field(default=None, ge=1, le=100_000)
    unsure: tuple[Link, ...] = ()


class Paths(Value):
    """Who can open what, directly or through which group. `focus` is what the question asks for.

    `way` keeps the paths of one way only.
    """

    shape: Literal["paths"] = "paths"
    people: Selection
    applications: Selection
    focus: Literal[Kind.PERSON, Kind.APPLICATION]
    way: Literal["any", "directly", "group"] = "any"
    unsure: tuple[Link, ...] = ()


class RolePaths(Value):
    """Who holds which admin role, directly or through which group; `way` keeps the paths of one way only."""

    shape: Literal["role_paths"] = "role_paths"
    people: Selection
    roles: Selection
    focus: Literal[Kind.PERSON, Kind.ROLE]
    way: Literal["any", "directly", "group"] = "any"
    unsure: tuple[Link, ...] = ()


class Pairs(Value):
    """Every subject with every target that it is linked to."""

    shape: Literal["pairs"] = "pairs"
    subject: Selection
    link: Link
    target: Selection
    unsure: tuple[Link, ...] = ()


class Tally(Value):
    """How many subjects, in all or for each value of the column `by`."""

    shape: Literal["tally"] = "tally"
    subject: Selection
    by: str | None = None
    unsure: tuple[Link, ...] = ()


class Ranking(Value):
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


GraphMeaning = Things | Paths | RolePaths | Pairs | Tally | Ranking | Numbers
Meaning = Annotated[GraphMeaning | LiveMeaning | LogMeaning | SqlMeaning, Field(discriminator="shape")]


class StepMeaning(Value):
    """The `parameters` of an offline step; see the module's docstring."""

    meaning: Meaning
    columns: tuple[ShownColumn, ...]
    order: tuple[Order, ...]
    join: Join | None = None
    noun: Noun
    note: str = ""
    feeds: bool = False
    like: Meaning | None = None


class Counted(Value):
    """The things linked to each subject that a ranking counts."""

    link: Link
    target: Selection


class Asked(Value):
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
