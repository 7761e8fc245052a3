"""The small words of numbers: by what, in which order, which attribute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from holdfast.graph.schema import ColumnType
from holdfast.offline.grammar import nouns, objects
from holdfast.offline.grammar.names import LABELS, attribute_names
from holdfast.offline.meaning import Selection
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

# Attributes whose values are shared by many, so that "departments" are things; others tell one person from the next.
_OF_MANY: Final = frozenset(
    {
        *("department", "division", "organization", "cost_center", "title", "user_type", "city", "state"),
        *(
            "country_code",
            "status",
            "manager",
            "type",
            "sign_on_mode",
            "platform",
            "manufacturer",
            "model",
            "os_version",
        ),
    }
)
_OF_ONE: Final = frozenset(
    {"id", "login", "email", "second_email", "first_name", "last_name", "display_name", "nick_name", "employee_number"}
    | {"mobile_phone", "primary_phone", "manager_id", "name", "label", "description", "serial_number"}
)


def figuring(parse: Parse, at: int, *meanings: str) -> list[Read[str]]:
    """The phrases of those meanings that stand here."""
    return [read for read in parse.phrases(parse.lexicon.figuring, at) if read.value in meanings]


def ends(parse: Parse, at: int, *meanings: str) -> list[int]:
    """The places after them, each once."""
    return list(dict.fromkeys(read.end for read in figuring(parse, at, *meanings)))


class Order(NamedTuple):
    """What follows a number of things: by which attributes, and in which order."""

    by: tuple[str, ...]
    lowest_first: bool | None
    percent: bool


@rule
def order(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Order]]:
    """ "By department", "as a percentage", "worst first", one after the other, with commas between."""
    waiting: list[Read[Order]] = [Read(Order((), None, percent=False), at)]
    while waiting:
        read = waiting.pop()
        yield read
        said = read.value
        for begin in (read.end, *parse.mark(",", read.end)):
            if not said.by:
                waiting += [Read(said._replace(by=by.value), by.end) for by in each_attribute(parse, begin, kind)]
            if not said.percent:
                waiting += [Read(said._replace(percent=True), end) for end in ends(parse, begin, "as_percent")]
            if said.lowest_first is None:
                for word in figuring(parse, begin, "lowest_first", "highest_first"):
                    lowest = word.value == "lowest_first"
                    waiting.append(Read(said._replace(lowest_first=lowest), word.end))


@rule
def each_attribute(parse: Parse, at: int, kind: Kind) -> Iterator[Read[tuple[str, ...]]]:
    """ "By department", "per city and type", "in each status"."""
    for each in parse.phrases(parse.lexicon.each, at):
        rows: list[Read[tuple[str, ...]]] = [Read((name.value,), name.end) for name in groups(parse, each.end, kind)]
        while rows:
            row = rows.pop()
            yield row
            joined = [r.end for r in parse.phrases(parse.lexicon.connecting, row.end) if r.value == "and"]
            begins = [
                *joined,
                *(r.end for at_each in (row.end, *joined) for r in parse.phrases(parse.lexicon.each, at_each)),
            ]
            if len(row.value) < 3:
                for begin in dict.fromkeys(begins):
                    rows += [
                        Read((*row.value, name.value), name.end)
                        for name in groups(parse, begin, kind)
                        if name.value not in row.value
                    ]


@rule
def groups(parse: Parse, at: int, kind: Kind) -> Iterator[Read[str]]:
    """An attribute whose values put things into groups: "department", "cities"."""
    columns = parse.schema.node(LABELS[kind]).columns
    for name in attribute_names(parse, at, kind):
        column_type = columns[name.value]
        custom = name.value not in _OF_ONE and column_type in (ColumnType.STRING, ColumnType.BOOL)
        if name.value in _OF_MANY or custom or column_type is ColumnType.STRING_LIST:
            yield Read(name.value, name.end, name.cost)


@rule
def some(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Selection]]:
    """Things of a kind, all or some; in parentheses where what follows is not about them."""
    yield from nouns.np(parse, at, kind, True)
    for begin in parse.mark("(", at):
        for things in nouns.np(parse, begin, kind, True):
            for end in parse.mark(")", things.end):
                yield Read(things.value, end, things.cost)


def number(parse: Parse, at: int) -> list[Read[int]]:
    """A plain number: 5, "ten"."""
    return [
        Read(many.value.at_least, many.end)
        for many in objects.bound(parse, at)
        if many.value.at_least == many.value.at_most and 0 < many.value.at_least <= 100_000
    ]
