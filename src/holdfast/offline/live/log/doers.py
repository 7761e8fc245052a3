"""Who did something, and the questions that begin with them: "which contractors denied …", "did Dana deny …"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import nouns
from holdfast.offline.grammar.dates import key_at
from holdfast.offline.grammar.names import thing
from holdfast.offline.live.log.asked import LogAsked
from holdfast.offline.live.log.clauses import Doing, did, do
from holdfast.offline.live.log.events import kind_of
from holdfast.offline.live.log.phrases import Phrase
from holdfast.offline.live.log.said import Said
from holdfast.offline.live.log.shapes import Facet
from holdfast.offline.meaning import Selection
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

_ASKED_PERSON: Final = frozenset({"who", "whoever", "which", "what", "anyone", "anybody", "somebody", "someone"})
DID: Final = frozenset({"did", "does", "do", "has", "have", "had"})
WAS: Final = frozenset({"was", "were", "has", "have", "is", "are"})


def listed_or_told(doing: Doing, person: Selection | None) -> LogAsked | None:
    """Who did something: each person, where it is done by oneself; each event, where it is done to others."""
    phrase = done_by(doing, person)
    if phrase is None:
        return None
    own = {kind_of(one).person for one in phrase.sets} == {"actor"}
    return LogAsked("tally", phrase, by=(Facet.PERSON,), spans=True) if own else LogAsked("list", phrase)


def done_by(doing: Doing, person: Selection | None) -> Phrase | None:
    """The events, with that person as whoever did or got it; None where another one is said to have."""
    phrase = doing.phrase
    if person is None or person.where is None:
        return phrase
    own = doing.side == "got" or {kind_of(one).person for one in phrase.sets} == {"actor"}
    said = phrase.said.and_(Said(person=person) if own else Said(actor=person))
    return phrase._replace(said=said) if said else None


@rule
def doers(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Who", "which users", "which contractors": those of whom it is asked what they did."""
    if at < len(parse.tokens) and parse.tokens[at].key in _ASKED_PERSON:
        for end in {at + 1, *(place + 1 for place in (at + 1,) if key_at(parse, place) in ("has", "have", "had"))}:
            yield Read(Selection(kind=Kind.PERSON), end)
    for people in nouns.np(parse, at, Kind.PERSON):
        yield people
        for end in (people.end, people.end + 1) if key_at(parse, people.end) in ("who", "that", "have", "had") else ():
            yield people._replace(end=end)


def was(parse: Parse, at: int) -> list[int]:
    """Past "was", "were", "has been"."""
    found = []
    if key_at(parse, at) in WAS:
        found.append(at + 1)
        if key_at(parse, at + 1) == "been":
            found.append(at + 2)
    return found


@rule
def subject(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """Of whom it is asked: a name, or people."""
    for name in thing(parse, at, Kind.PERSON):
        yield Read(Selection(kind=Kind.PERSON, where=name.value), name.end, name.cost)
    yield from (read for read in nouns.np(parse, at, Kind.PERSON))


@rule
def subject_did(parse: Parse, at: int) -> Iterator[Read[Phrase]]:
    """ "Did Dana (ever) deny a push", "has Dana denied a push": the events, with Dana as whoever did it."""
    for person in _asked_of(parse, at):
        yield from _did_then(parse, at, person, person.end)


@rule
def subject_did_once(parse: Parse, at: int) -> Iterator[Read[tuple[Phrase, bool]]]:
    """ "Did Dana first sign in", "did Dana last deny a push": the events, and whether the first of them is meant."""
    for person in _asked_of(parse, at):
        for word, oldest in (("first", True), ("last", False)):
            for begin in parse.mark(word, person.end):
                for read in _did_then(parse, at, person, begin):
                    yield Read((read.value, oldest), read.end, read.cost)


def _asked_of(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    if key_at(parse, at) in DID:
        yield from subject(parse, at + 1)


def _did_then(parse: Parse, at: int, person: Read[Selection], begin: int) -> Iterator[Read[Phrase]]:
    for read in (*do(parse, begin), *(did(parse, begin) if parse.tokens[at].key != "did" else ())):
        if phrase := done_by(read.value, person.value):
            yield Read(phrase, read.end, person.cost + read.cost)
