"""What the tenant lists, counted by what the snapshot says of whoever it belongs to: "API tokens by the department of
their owners".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from holdfast.offline.columns import NOUNS, column
from holdfast.offline.doubt import UNKNOWN_COUNT
from holdfast.offline.grammar.dates import key_at
from holdfast.offline.grammar.figuring import groups
from holdfast.offline.grammar.questions import endings
from holdfast.offline.live.conditions import columns_of
from holdfast.offline.live.counted import sql_step
from holdfast.offline.live.families import Family, FamilyColumn, families, shown_column, words_of
from holdfast.offline.live.inventory_wording import inventory_sentence
from holdfast.offline.live.plans import COUNT, READ_BY, UNREAD, api_step
from holdfast.offline.live.reading import inventory_questions
from holdfast.offline.live.shapes import Inventory
from holdfast.offline.meaning import Asked, Order, Selection, ShownColumn, StepMeaning
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read
from holdfast.offline.sql_shapes import Match, Measure, Sorted, SqlMeaning, Taken
from holdfast.offline.steps import described, graph_step, main_meaning
from holdfast.offline.wording import Wording
from holdfast.plan import Plan

_WHOSE: Final = frozenset({"their", "the", "its", "each"})
_LOGIN: Final = "login"


class _Owned(NamedTuple):
    """Things of a family by an attribute of the people whose logins stand in one of its columns."""

    things: Inventory
    owner: str
    attribute: str


def owned_question(parse: Parse, wording: Wording) -> Plan | None:
    """The plan that counts them; None where that is not asked, or in more than one way."""
    found = set(_readings(parse))
    return _plan(found.pop(), parse, wording) if len(found) == 1 else None


def _readings(parse: Parse) -> Iterator[_Owned]:
    for at in range(1, len(parse.tokens)):
        for each in parse.phrases(parse.lexicon.each, at):
            before = replace(parse, tokens=parse.tokens[:at], furthest=0, kept={}, readings=0)
            for things in inventory_questions(before):
                family = families()[things.value.family]
                for said in _by(parse, each.end, things.value.family):
                    if _is_told(things.value, family) and any(parse.at_end(end) for end in endings(parse, said.end)):
                        listed = things.value.model_copy(update={"counted": False})
                        yield _Owned(listed, *said.value)


def _by(parse: Parse, at: int, name: str) -> Iterator[Read[tuple[str, str]]]:
    """ "(The) department of their owners", "owner's department"."""
    for begin in (at, at + 1) if key_at(parse, at) == "the" else (at,):
        for attribute in groups(parse, begin, Kind.PERSON):
            if key_at(parse, attribute.end) == "of" and key_at(parse, attribute.end + 1) in _WHOSE:
                for owner in _owners(parse, attribute.end + 2, name):
                    yield Read((owner.value, attribute.value), owner.end)
        for owner in _owners(parse, begin, name):
            for mark in parse.mark("'s", owner.end):
                for attribute in groups(parse, mark, Kind.PERSON):
                    yield Read((owner.value, attribute.value), attribute.end)


def _owners(parse: Parse, at: int, name: str) -> Iterator[Read[str]]:
    for word in parse.phrases(words_of(name).attributes, at):
        if families()[name].by_name[word.value].person == _LOGIN:
            yield word


def _is_told(things: Inventory, family: Family) -> bool:
    """Whether each thing is surely one of them: of people nothing else is said, and the tenant lists all at once."""
    people = {one.said for one in family.columns if one.person}
    spoken = set(columns_of(things.where)) if things.where is not None else set()
    plainly = things.by is None and things.limit is None and not things.order
    return plainly and family.of is None and not family.single and not spoken & people


def _plan(owned: _Owned, parse: Parse, wording: Wording) -> Plan:
    family = families()[owned.things.family]
    owner, value = family.by_name[owned.owner], column(parse.schema, Kind.PERSON, owned.attribute).shown
    name = f"{owner.name}_{value.name}"
    said = inventory_sentence(owned.things)
    attribute = value.heading.lower()
    sentence = f"Number of {said} by {attribute} of the {owner.words[0]}"
    note = f"By {attribute} as of the snapshot; {family.many} were read live. {family.note}".strip()
    number = ShownColumn(name=COUNT, heading=family.many.capitalize(), kind="number")
    shown = StepMeaning(
        meaning=SqlMeaning(
            step="main",
            matches=(_match(owner, value, name),),
            unsure=(UNREAD.name,),
            by=(name,),
            measures=(Measure(name=COUNT, figure="count"),),
            order=(Sorted(column=COUNT, descending=True),),
        ),
        like=owned.things.model_copy(update={"counted": True}),
        columns=(ShownColumn(name=name, heading=f"{owner.heading}'s {attribute}"), number, UNKNOWN_COUNT),
        order=(Order(column=COUNT, descending=True), Order(column=name)),
        noun=family.noun,
        note=note,
    )
    listed = StepMeaning(
        meaning=owned.things,
        columns=(shown_column(family.called), shown_column(owner), UNREAD),
        order=(),
        noun=family.noun,
        feeds=True,
    )
    people = Asked(subject=Selection(kind=Kind.PERSON), also=(owned.attribute,))
    everybody = described(main_meaning(people), parse.schema, "").model_copy(update={"feeds": True})
    whom = wording.sentence(people)
    steps = (
        api_step("main", family.entity, listed, f"{said[0].upper()}{said[1:]}", wants_get=True),
        graph_step(everybody, NOUNS[Kind.PERSON], f"{whom[0].upper()}{whom[1:]}").model_copy(update={"id": "people"}),
        sql_step(shown, family.many, sentence, ("main", "people")),
    )
    return Plan(steps=steps, reasoning=READ_BY, understood_as=f"{sentence}. {note}", confidence=1.0)


def _match(owner: FamilyColumn, value: ShownColumn, name: str) -> Match:
    taken = (Taken(column=value.name, name=name),)
    return Match(step="people", ours=owner.name, theirs=_LOGIN, way="beside", take=taken, doubted=True)
