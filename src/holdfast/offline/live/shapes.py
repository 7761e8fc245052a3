"""What a step asks of the live tenant. Part of `holdfast.offline.meaning`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.meaning.selection import Condition, Named, Value
from holdfast.offline.meaning.showing import Order


class Whose(Value):
    """A column of the family holds the id of one of these things."""

    column: str
    who: Named


class Inventory(Value):
    """The things of one family (see `families.toml`) that the tenant lists, or how many they are.

    `where` speaks of the family's columns and has no links. `parent`: only of these things that they belong to;
    `whose`: besides, each of these holds. `counted`: how many, in all or for each value of the
    column `by`. `limit` keeps so many of the first in the order of `order`.
    """

    shape: Literal["inventory"] = "inventory"
    family: str
    where: Condition | None = None
    whose: tuple[Whose, ...] = ()
    parent: Named | None = None
    counted: bool = False
    by: str | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = Field(default=None, ge=1, le=100_000)


class OfEach(Value):
    """What each thing in the rows of the step `of` has: its factors, its groups, its members …

    `where` is said of what it has, and has no links itself. `carried` are columns that each row takes from the step
    `of`. `once`: one row for each thing that is had, however many have it, with nothing carried.
    """

    shape: Literal["of_each"] = "of_each"
    of: str = "main"
    link: Link
    where: Condition | None = None
    carried: tuple[str, ...] = ()
    once: bool = False
    counted: bool = False


class Tested(Value):
    """The rows of the step `of` of whose things `where`, a condition on what they have, holds now.

    The rows are as they were, with what was read in a column beside; whose things could not be read are marked
    "unknown" in `fits`, with the reason in `unread`. `counted`: how many there are, and of how many it is unknown.
    """

    shape: Literal["tested"] = "tested"
    of: str = "main"
    kind: Kind
    where: Condition
    carried: tuple[str, ...] = ()
    counted: bool = False
    unsure: tuple[Link, ...] = ()


LiveMeaning = Inventory | OfEach | Tested
