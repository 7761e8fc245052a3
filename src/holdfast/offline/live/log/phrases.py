"""Nouns for events and what narrows them: "failed sign-ins of contractors to Box from Germany in the last 24 hours"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from holdfast.offline.live.log import parties
from holdfast.offline.live.log.events import event_words, kind_of
from holdfast.offline.live.log.said import Said
from holdfast.offline.live.log.shapes import Ended, EventSet, Facet
from holdfast.offline.meaning import Selection
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

# Words before a name that say on which side of an event it stands.
_ABOUT: Final = ("of", "for", "from", "by", "on", "to")
_INTO: Final = ("to", "into", "of", "on", "for", "with", "in", "onto", "from", "using")
# What is taken from somebody.
_TAKEN_FROM: Final = frozenset({"role_revocation", "app_unassignment"})
_FROM: Final = ("from", "in", "out of", "through", "over", "at")
_WHY: Final = (
    ("because", "of"),
    ("due", "to"),
    ("for", "the", "reason"),
    ("with", "the", "reason"),
    ("with", "reason"),
)
_BECAUSE: Final = (*_WHY, ("with",), ("for",), ("whose", "reason", "is"), ("reason",))
_MOST_STATES: Final = 120


class Phrase(NamedTuple):
    """Events with all that was said of them."""

    sets: tuple[EventSet, ...]
    said: Said


@rule
def events(parse: Parse, at: int) -> Iterator[Read[Phrase]]:
    """Events by a noun, with what stands before and after it."""
    for owner in _owners(parse, at):
        for named in _named(parse, owner.end):
            yield from _narrowed(parse, named, owner)
    for word in ("all", "any", "every"):
        for begin in parse.mark(word, at):
            for start in parse.starts(begin):
                for named in _named(parse, start):
                    yield from _narrowed(parse, named, Read(Said(), start))


def _narrowed(parse: Parse, named: Read[Phrase], owner: Read[Said]) -> Iterator[Read[Phrase]]:
    said = named.value.said.and_(owner.value)
    if said is None or not _fits(named.value.sets, owner.value):
        return
    cost = named.cost + owner.cost
    yield Read(Phrase(named.value.sets, said), named.end, cost)
    for more in narrowing(parse, named.end, named.value.sets):
        if both := said.and_(more.value):
            yield Read(Phrase(named.value.sets, both), more.end, cost + more.cost)


def _owners(parse: Parse, at: int) -> list[Read[Said]]:
    """ "Dana's (sign-ins)", "contractors' (failed logins)", "Salesforce (openings)"."""
    found = [Read(Said(), at)]
    for person in parties.party(parse, at, Kind.PERSON):
        marks = parse.mark("'s", person.end)
        found += [Read(Said(person=person.value), end, person.cost) for end in marks if person.value.where]
    for application in parties.party(parse, at, Kind.APPLICATION):
        ends = (application.end, *parse.mark("'s", application.end))
        if application.value.where is not None:
            found += [Read(Said(application=application.value), end, application.cost) for end in ends]
    return found


@rule
def _named(parse: Parse, at: int) -> Iterator[Read[Phrase]]:
    """ "Failed or denied sign-ins", "push denials or reports of suspicious activity"."""
    rows = list(_one_named(parse, at))
    while rows:
        row = rows.pop()
        yield row
        for joined in _joined(parse, row.end):
            for other in _one_named(parse, joined):
                if len(row.value.sets) + len(other.value.sets) <= 6:
                    sets = tuple(dict.fromkeys((*row.value.sets, *other.value.sets)))
                    rows.append(Read(Phrase(sets, Said()), other.end, row.cost + other.cost))


def _joined(parse: Parse, at: int) -> list[int]:
    return [read.end for read in parse.phrases(parse.lexicon.connecting, at) if read.value in ("and", "or")]


@rule
def _one_named(parse: Parse, at: int) -> Iterator[Read[Phrase]]:
    for adjectives in _endings(parse, at):
        for noun in parse.phrases(event_words().nouns, adjectives.end):
            sets = tuple(EventSet(name=noun.value, ended=ended) for ended in adjectives.value)
            yield Read(Phrase(sets, Said()), noun.end)


def _endings(parse: Parse, at: int) -> list[Read[tuple[Ended, ...]]]:
    """How the events ended, before their noun: nothing, "failed", "failed or denied"."""
    found: list[Read[tuple[Ended, ...]]] = [Read((Ended.USUAL,), at)]
    rows: list[Read[tuple[Ended, ...]]] = []
    rows += [Read((read.value,), read.end) for read in parse.phrases(event_words().outcomes, at)]
    while rows:
        row = rows.pop()
        found.append(row)
        for joined in _joined(parse, row.end):
            rows += [
                Read((*row.value, read.value), read.end)
                for read in parse.phrases(event_words().outcomes, joined)
                if read.value not in row.value
            ]
    return found


@rule
def narrowing(parse: Parse, at: int, sets: tuple[EventSet, ...]) -> Iterator[Read[Said]]:
    """What narrows events, after them: one part after the other, in any order, each at most once."""
    states = [Read(Said(), at)]
    seen = {(Said(), at)}
    while states:
        state = states.pop()
        for part in _parts(parse, state.end, sets):
            both = state.value.and_(part.value)
            if both is None or (both, part.end) in seen or len(seen) > _MOST_STATES:
                continue
            seen.add((both, part.end))
            states.append(Read(both, part.end, state.cost + part.cost))
            yield states[-1]


@rule
def _parts(parse: Parse, at: int, sets: tuple[EventSet, ...]) -> Iterator[Read[Said]]:
    yield from parties.spans(parse, at)
    words = event_words()
    for after in parse.phrases(words.outcomes_after, at):
        yield Read(Said(ended=after.value), after.end)
    for phrases, whose in ((words.words["others"], "others"), (words.words["oneself"], "oneself")):
        for read in parse.phrases(phrases, at):
            yield Read(Said.of({"whose": whose}), read.end)
    for begin in (at, *parse.mark(",", at)):
        for nothing in (words.words["log"], words.words["happened"], words.words["by_whom"]):
            yield from (Read(Said(), read.end) for read in parse.phrases(nothing, begin))
    for because in _BECAUSE:
        end = at + len(because)
        if tuple(token.key for token in parse.tokens[at:end]) == because:
            yield from parties.reason(parse, end)
    yield from _placed(parse, at, sets)


def _placed(parse: Parse, at: int, sets: tuple[EventSet, ...]) -> Iterator[Read[Said]]:
    """What stands after a preposition: people, an application, a group, a place."""
    word = parse.tokens[at].key if at < len(parse.tokens) and not parse.tokens[at].quoted else ""
    if word in _FROM:
        yield from parties.place(parse, at + 1)
    if word in _ABOUT:
        for person in parties.party(parse, at + 1, Kind.PERSON):
            if person.value.where is not None:
                yield from _person(person, word, sets)
    shows = {facet for one in sets for facet in kind_of(one).shows}
    for kind, facet in ((Kind.APPLICATION, Facet.APPLICATION), (Kind.GROUP, Facet.GROUP)):
        if word in _INTO and facet in shows:
            for thing in parties.party(parse, at + 1, kind):
                said = Said(application=thing.value) if kind is Kind.APPLICATION else Said(group=thing.value)
                if thing.value.where is not None:
                    yield Read(said, thing.end, thing.cost)
    if word in _INTO and Facet.ROLE in shows:
        yield from (read for read in parties.slot(parse, at + 1, "{role}") if read.value != Said())


def _person(person: Read[Selection], word: str, sets: tuple[EventSet, ...]) -> Iterator[Read[Said]]:
    """ "(Factor resets) by Dana" are what she did, "of Dana" what was done to her."""
    sides = {kind_of(one).person for one in sets}
    if sides == {"actor"}:
        if word in ("of", "by", "for", "from"):
            yield Read(Said(person=person.value), person.end, person.cost)
    elif word == "by":
        yield Read(Said(actor=person.value), person.end, person.cost)
    elif word == "from" and not all(one.name in _TAKEN_FROM for one in sets):
        # "Password resets from Dana" may be hers, or those of her password.
        return
    elif "target" in sides and None not in sides:
        yield Read(Said(person=person.value), person.end, person.cost)


def _fits(sets: tuple[EventSet, ...], said: Said) -> bool:
    """Whether such events can be told apart by these parts at all."""
    kinds = [kind_of(one) for one in sets]
    if said.person is not None and any(kind.person is None for kind in kinds):
        return False
    return said.application is None or all(Facet.APPLICATION in kind.shows for kind in kinds)
