"""Which columns a reader sees of numbers and comparisons, and in which order their rows stand."""

from __future__ import annotations

from functools import singledispatch
from typing import Final

from holdfast.graph.schema import GraphSchema
from holdfast.offline.columns import NOUNS, column, count_column, listed, usual
from holdfast.offline.meaning import (
    Alike,
    AllOf,
    AnyOf,
    Breakdown,
    Compare,
    Condition,
    Flow,
    Holdings,
    Linked,
    Loss,
    Missing,
    Months,
    Named,
    Not,
    Noun,
    Numbers,
    Operator,
    Order,
    Peers,
    Selection,
    ShownColumn,
    Spread,
    Within,
)
from holdfast.offline.meaning.links import LINKS, Kind
from holdfast.offline.queries.cypher import may_be_untold

MATCHING: Final = "matching_count"
UNKNOWN: Final = "unknown_count"
PERCENT: Final = "percent"
PEERS_MEDIAN: Final = "median_of_peers"
ATTRIBUTE: Final = "attribute"
SHARED: Final = "shared_value"
SHARED_BY: Final = "shared_by"
THING_KIND: Final = "thing_kind"
THING_NAME: Final = "thing_name"
HELD_BY: Final = "held_by"

Shown = tuple[tuple[ShownColumn, ...], tuple[Order, ...], Noun]
_THING: Final = Noun(one="thing", many="things")
_FLOWS: Final = {Flow.JOINED: "Joined", Flow.HIRED: "Hired", Flow.LEFT: "Left"}


def attribute_name(schema: GraphSchema, kind: Kind, name: str) -> str:
    """What a reader calls the column."""
    return column(schema, kind, name).shown.heading.lower()


@singledispatch
def shown_of(meaning: Numbers, schema: GraphSchema) -> Shown:
    """The columns, the order of the rows, and the word for what they count."""
    raise TypeError(f"{type(meaning).__name__} is no shape of numbers.")


def _number(name: str, heading: str) -> ShownColumn:
    return ShownColumn(name=name, heading=heading, kind="number")


@shown_of.register
def _(meaning: Breakdown, schema: GraphSchema) -> Shown:
    kind = meaning.subject.kind
    values = [column(schema, kind, by).shown for by in meaning.by]
    number = count_column(kind)
    shown, last = [*values, number], number
    if meaning.matching is not None:
        last = _number(MATCHING, _heading(meaning.matching))
        shown.append(last)
        if may_be_unknown(meaning.matching):
            shown.append(_number(UNKNOWN, "Unknown"))
    if meaning.percent:
        last = _number(PERCENT, "Percent")
        shown.append(last)
    order = (Order(column=last.name, descending=not meaning.lowest_first), *(Order(column=v.name) for v in values))
    return tuple(shown), order, NOUNS[kind]


def may_be_unknown(condition: Condition) -> bool:
    """Whether the tenant might not tell if it holds: whatever hangs on a link."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return any(may_be_unknown(part) for part in parts)
        case Not(condition=inner):
            return may_be_unknown(inner)
        case Compare() | Within() | Missing() | Named():
            return False
        case _:
            return True


def _heading(condition: Condition) -> str:
    """What a column of those who fit is called; where no short word says it, the sentence above the answer does."""
    match condition:
        case Compare(operator=Operator.IS, values=(str(value),)):
            return value.replace("_", " ").capitalize()
        case Linked(target=Selection(where=Named(names=(name,)))):
            return name
        case Linked(target=Selection(where=None) as target, at_least=1, at_most=None):
            return f"With {NOUNS[target.kind].many}"
        case _:
            return "Matching"


@shown_of.register
def _(meaning: Spread, schema: GraphSchema) -> Shown:
    kind = meaning.subject.kind
    values = [] if meaning.by is None else [column(schema, kind, meaning.by).shown]
    counted = count_column(LINKS[meaning.link].target).heading.lower()
    figures = [_number(figure.value, f"{figure.value.capitalize()} {counted}") for figure in meaning.figures]
    unknown = [_number(UNKNOWN, "Unknown")] if may_be_untold(meaning.link) else []
    shown = (*values, count_column(kind), *unknown, *figures)
    first = Order(column=figures[0].name, descending=not meaning.lowest_first)
    return shown, (first, *(Order(column=v.name) for v in values)), NOUNS[kind]


@shown_of.register
def _(meaning: Peers, schema: GraphSchema) -> Shown:
    kind = meaning.subject.kind
    number = count_column(meaning.target.kind)
    names = [c.shown for c in listed(schema, kind, meaning.subject.where, (meaning.by,))]
    by = column(schema, kind, meaning.by).shown
    compared = (
        number,
        _number(PEERS_MEDIAN, f"Median of the {by.heading.lower()}"),
        _number("difference", "Difference"),
    )
    shown = (names[0], *compared, *names[1:])
    return shown, (Order(column=number.name, descending=True), Order(column=names[0].name)), NOUNS[kind]


@shown_of.register
def _(meaning: Months, schema: GraphSchema) -> Shown:
    flows = [_number(flow.value, _FLOWS[flow]) for flow in meaning.flows]
    return (
        (ShownColumn(name="month", heading="Month"), *flows),
        (Order(column="month"),),
        Noun(one="month", many="months"),
    )


@shown_of.register
def _(meaning: Alike, schema: GraphSchema) -> Shown:
    kind = meaning.subject.kind
    names = [c.shown for c in listed(schema, kind, meaning.subject.where, ())]
    first = (
        ShownColumn(name=ATTRIBUTE, heading="Attribute"),
        ShownColumn(name=SHARED, heading="Shared value"),
        _number(SHARED_BY, "Shared by"),
    )
    order = (Order(column=ATTRIBUTE), Order(column="shared_key"), Order(column=names[0].name))
    return (*first, *names), order, NOUNS[kind]


@shown_of.register
def _(meaning: Holdings, schema: GraphSchema) -> Shown:
    names = [ShownColumn(name=THING_KIND, heading="Kind"), ShownColumn(name=THING_NAME, heading="Name")]
    if len(meaning.who) > 1:
        names.append(ShownColumn(name=HELD_BY, heading="Held by"))
    return tuple(names), tuple(Order(column=name) for name in (THING_KIND, HELD_BY, THING_NAME)), _THING


@shown_of.register
def _(meaning: Loss, schema: GraphSchema) -> Shown:
    people = [c.shown for c in listed(schema, Kind.PERSON, meaning.people.where, ())]
    if len(meaning.kinds) > 1:
        things = [ShownColumn(name=THING_KIND, heading="Kind"), ShownColumn(name=THING_NAME, heading="Name")]
    else:
        things = [c.shown for c in usual(schema, meaning.kinds[0])]
    named = things[-1] if len(meaning.kinds) > 1 else things[0]
    if meaning.focus is Kind.PERSON:
        return (*people[:3], *things), (Order(column=people[0].name), Order(column=named.name)), NOUNS[Kind.PERSON]
    noun = NOUNS[meaning.focus] if len(meaning.kinds) == 1 else _THING
    return (*things, *people[:3]), (Order(column=named.name), Order(column=people[0].name)), noun
