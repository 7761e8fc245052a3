"""A million events in small memory: numbers in columns, and everything that repeats once in a table."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

from holdfast.demo.log.happenings import Client, Debug, Happening, Thing

Item = TypeVar("Item", bound=Hashable)


class Kind(NamedTuple):
    """Type and outcome of an event."""

    event: str
    result: str
    reason: str | None


class Detail(NamedTuple):
    """What an event says beside its parties."""

    debug: Debug
    credential: tuple[str, str] | None


class Table(Generic[Item]):
    """Different values, each with its number. It only grows, so logs may share it."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._numbers: dict[Item, int] = {}

    def number(self, item: Item) -> int:
        """The number of that value, which is new or known."""
        found = self._numbers.get(item)
        if found is None:
            found = self._numbers[item] = len(self.items)
            self.items.append(item)
        return found


class Tables:
    """What the columns refer to."""

    def __init__(self) -> None:
        self.kinds: Table[Kind] = Table()
        self.actors: Table[Thing] = Table()
        self.targets: Table[tuple[Thing, ...]] = Table()
        self.clients: Table[Client | None] = Table()
        self.details: Table[Detail] = Table()


class Columns:
    """Events in the order of their moments; those of one moment in the order in which they were written.

    `whens` is milliseconds since 1970, `numbers` tells events apart for ever, the rest are numbers in `tables`.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.whens = array("q")
        self.numbers = array("q")
        self.kinds = array("i")
        self.actors = array("i")
        self.targets = array("i")
        self.clients = array("i")
        self.details = array("i")
        self.sessions = array("q")

    def __len__(self) -> int:
        return len(self.whens)

    def add(self, happening: Happening) -> None:
        """Write one event at the end; `in_order` puts it where it belongs."""
        tables = self.tables
        self.numbers.append(len(self.whens))
        self.whens.append(happening.when)
        self.kinds.append(tables.kinds.number(Kind(happening.event, happening.result, happening.reason)))
        self.actors.append(tables.actors.number(happening.actor))
        self.targets.append(tables.targets.number(happening.targets))
        self.clients.append(tables.clients.number(happening.client))
        self.details.append(tables.details.number(Detail(happening.debug, happening.credential)))
        self.sessions.append(happening.session)

    def in_order(self) -> Columns:
        """The same events sorted, numbered as before."""
        whens = self.whens
        order = sorted(range(len(whens)), key=whens.__getitem__)
        result = Columns(self.tables)
        for name in _COLUMNS:
            column: array[int] = getattr(self, name)
            setattr(result, name, array(column.typecode, map(column.__getitem__, order)))
        return result

    def numbered(self) -> Columns:
        """The same events numbered anew in their order."""
        self.numbers = array("q", range(len(self)))
        return self

    def extended(self, happenings: Iterable[Happening]) -> Columns:
        """These events and more, in order; these columns stay as they are."""
        result = Columns(self.tables)
        for name in _COLUMNS:
            setattr(result, name, getattr(self, name)[:])
        for happening in happenings:
            result.add(happening)
        known = len(self)
        sorted_already = all(result.whens[row - 1] <= result.whens[row] for row in range(max(1, known), len(result)))
        return result if sorted_already else result.in_order()


_COLUMNS = ("whens", "numbers", "kinds", "actors", "targets", "clients", "details", "sessions")
