"""Questions that count events or tell them apart: how many, by whom, from where, the most, impossible travel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import nouns
from holdfast.offline.grammar.dates import key_at, number_at
from holdfast.offline.live.log.asked import LogAsked
from holdfast.offline.live.log.clauses import did, done, happened
from holdfast.offline.live.log.doers import doers, subject, subject_did, was
from holdfast.offline.live.log.events import event_words, kind_of
from holdfast.offline.live.log.phrases import Phrase, events, narrowing
from holdfast.offline.live.log.said import Said
from holdfast.offline.live.log.shapes import EventSet, Facet
from holdfast.offline.meaning import Selection
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

_MOST_FACETS: Final = 4
# What only some kinds of events have.
_NOT_OF_ALL: Final = frozenset({Facet.APPLICATION, Facet.GROUP, Facet.ROLE, Facet.FACTOR})
_OPEN: Final = frozenset({"open", "opened", "use", "used", "launch", "launched", "access", "accessed"})
# Where somebody signed in from, of which it can be asked whether the travel there was possible.
_PLACES: Final = frozenset({Facet.COUNTRY, Facet.CITY, Facet.IP})


def _with(phrase: Phrase, said: Said) -> Phrase | None:
    both = phrase.said.and_(said)
    return phrase._replace(said=both) if both is not None else None


@rule
def facets(parse: Parse, at: int) -> Iterator[Read[tuple[Facet, ...]]]:
    """ "Person", "person and reason", "IP, country and day"."""
    rows: list[Read[tuple[Facet, ...]]] = []
    rows += [Read((read.value,), read.end) for read in parse.phrases(event_words().facets, at)]
    while rows:
        row = rows.pop()
        yield row
        for joined in parse.phrases(parse.lexicon.connecting, row.end):
            for begin in (joined.end, *(e.end for e in parse.phrases(parse.lexicon.each, joined.end))):
                rows += [
                    Read((*row.value, read.value), read.end)
                    for read in parse.phrases(event_words().facets, begin)
                    if joined.value == "and" and read.value not in row.value and len(row.value) < _MOST_FACETS
                ]


@rule
def counts(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "How many failed sign-ins (by person)", "failed sign-ins by person", "how often did Dana sign in"."""
    for read in events(parse, at):
        yield from _by(parse, read)
    for counting in parse.phrases(parse.lexicon.counting, at):
        for read in events(parse, counting.end):
            yield Read(LogAsked("tally", read.value), read.end, read.cost)
            yield from _by(parse, read)
            for had in _somebody_had(parse, read):
                yield Read(LogAsked("tally", had.value), had.end, had.cost)
    for breakdown in parse.phrases(parse.lexicon.breakdown, at):
        for read in events(parse, breakdown.end):
            yield from _by(parse, read)
    for times in parse.phrases(event_words().words["times"], at):
        for phrase in subject_did(parse, times.end):
            yield Read(LogAsked("tally", phrase.value), phrase.end, phrase.cost)
            yield from _by(parse, phrase)
        for doing in happened(parse, times.end):
            yield Read(LogAsked("tally", doing.value.phrase), doing.end, doing.cost)


def _somebody_had(parse: Parse, read: Read[Phrase]) -> Iterator[Read[Phrase]]:
    """ "(How many failed sign-ins) did Dana have (in the last 7 days)"."""
    if key_at(parse, read.end) not in ("did", "has", "have", "had"):
        return
    for person in subject(parse, read.end + 1):
        phrase = _with(read.value, Said(person=person.value)) if person.value.where is not None else None
        if phrase is None or not tellable(phrase.sets, (Facet.PERSON,)):
            continue
        for end in (person.end, person.end + 1) if key_at(parse, person.end) in ("have", "had", "get") else ():
            cost = read.cost + person.cost
            yield Read(phrase, end, cost)
            for more in narrowing(parse, end, phrase.sets):
                if both := _with(phrase, more.value):
                    yield Read(both, more.end, cost + more.cost)


def _by(parse: Parse, read: Read[Phrase]) -> Iterator[Read[LogAsked]]:
    for each in parse.phrases(parse.lexicon.each, read.end):
        for by in facets(parse, each.end):
            if not tellable(read.value.sets, by.value):
                continue
            yield Read(LogAsked("tally", read.value, by=by.value), by.end, read.cost)
            for more in narrowing(parse, by.end, read.value.sets):
                if phrase := _with(read.value, more.value):
                    yield Read(LogAsked("tally", phrase, by=by.value), more.end, read.cost + more.cost)


def tellable(sets: tuple[EventSet, ...], by: tuple[Facet, ...]) -> bool:
    """Whether such events have what they are told apart by."""
    kinds = [kind_of(one) for one in sets]
    for facet in by:
        if facet is Facet.PERSON and any(kind.person is None for kind in kinds):
            return False
        if facet in _NOT_OF_ALL and any(facet not in kind.shows for kind in kinds):
            return False
    return True


@rule
def rankings(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Top ten people by failed sign-ins", "the 5 IPs with the most denials", "who has the most failed sign-ins"."""
    for number, begin in _top(parse, at):
        for facet in ranked(parse, begin):
            for by in parse.phrases(parse.lexicon.ranking, facet.end):
                if by.value == "by":
                    yield from _ranked_by(parse, by.end, facet.value, (number or 10, False, False))
    for number, begin in _numbered(parse, at):
        for facet in ranked(parse, begin):
            for had in (facet.end, *(r.end for r in parse.phrases(event_words().words["had"], facet.end))):
                for most in parse.phrases(parse.lexicon.ranking, had):
                    if most.value in ("most", "fewest"):
                        one = number is None and not _is_plural(parse.tokens[facet.end - 1].key)
                        limit = None if one else number or 10
                        yield from _ranked_by(parse, most.end, facet.value, (limit, most.value == "fewest", one))


def _is_plural(word: str) -> bool:
    return word == "people" or (word.endswith("s") and word not in ("address", "ip-address", "os"))


def _top(parse: Parse, at: int) -> Iterator[tuple[int | None, int]]:
    for top in parse.phrases(parse.lexicon.ranking, at):
        if top.value == "top":
            yield None, top.end
            yield from ((number.value, number.end) for number in number_at(parse, top.end) if number.value)


def _numbered(parse: Parse, at: int) -> Iterator[tuple[int | None, int]]:
    yield None, at
    yield from ((number.value, number.end) for number in number_at(parse, at) if number.value)
    for start in parse.starts(at):
        yield from ((number.value, number.end) for number in number_at(parse, start) if number.value and start > at)


@rule
def ranked(parse: Parse, at: int) -> Iterator[Read[tuple[Facet, Selection | None]]]:
    """What is ranked: "people", "contractors", "IPs", "who"."""
    for facet in parse.phrases(event_words().facets, at):
        yield Read((facet.value, None), facet.end)
    if key_at(parse, at) == "who":
        yield Read((Facet.PERSON, None), at + 1)
    for people in nouns.np(parse, at, Kind.PERSON):
        if people.value.where is not None:
            yield Read((Facet.PERSON, people.value), people.end, people.cost)


def _ranked_by(
    parse: Parse, at: int, ranked: tuple[Facet, Selection | None], order: tuple[int | None, bool, bool]
) -> Iterator[Read[LogAsked]]:
    facet, selection = ranked
    limit, fewest, ties = order
    for read in events(parse, at):
        phrase = _with(read.value, Said(person=selection)) if selection else read.value
        if phrase is not None and tellable(phrase.sets, (facet,)):
            asked = LogAsked("tally", phrase, by=(facet,), fewest_first=fewest, limit=limit, ties=ties)
            yield Read(asked, read.end, read.cost)


@rule
def different(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Which IPs had failed sign-ins", "people with push denials", "how many people failed to sign in"."""
    counted = [(at, False), *((read.end, True) for read in parse.phrases(parse.lexicon.counting, at))]
    for begin, number in counted:
        for facet in ranked(parse, begin):
            if facet.value[0] is Facet.EVENT or key_at(parse, begin) == "who":
                continue
            for read in _of_these(parse, facet):
                asked = _different(read.value, facet.value[0], number=number)
                yield Read(asked, read.end, read.cost)
                for end in _and_travel(parse, read.end) if asked.by and asked.by[0] in _PLACES else ():
                    yield Read(asked._replace(travel=True), end, read.cost)
        if number:
            for people in doers(parse, begin):
                for read in _people_who(parse, people):
                    yield Read(_different(read.value, Facet.PERSON, number=True), read.end, read.cost)


def _different(phrase: Phrase, facet: Facet, *, number: bool) -> LogAsked:
    return LogAsked("tally", phrase, distinct=facet) if number else LogAsked("tally", phrase, by=(facet,), spans=True)


def _of_these(parse: Parse, ranked: Read[tuple[Facet, Selection | None]]) -> Iterator[Read[Phrase]]:
    facet, selection = ranked.value
    words = event_words().words["had"]
    ends = [read.end for read in parse.phrases(words, ranked.end)]
    ends += [end for mark in ("of", "in", "behind") for end in parse.mark(mark, ranked.end)]
    ends += [
        r.end
        for end in (*parse.mark("that", ranked.end), *parse.mark("who", ranked.end))
        for r in parse.phrases(words, end)
    ]
    for begin in ends:
        for read in events(parse, begin):
            phrase = _with(read.value, Said(person=selection)) if selection else read.value
            if phrase is not None and tellable(phrase.sets, (facet,)):
                yield Read(phrase, read.end, ranked.cost + read.cost)


def _people_who(parse: Parse, people: Read[Selection]) -> Iterator[Read[Phrase]]:
    said = Said(person=people.value if people.value.where is not None else None)
    for read in did(parse, people.end):
        own = {kind_of(one).person for one in read.value.phrase.sets} == {"actor"}
        if own and (phrase := _with(read.value.phrase, said)):
            yield Read(phrase, read.end, people.cost + read.cost)
    for passive in done(parse, people.end, "{person}"):
        if phrase := _with(passive.value.phrase, said):
            yield Read(phrase, passive.end, people.cost + passive.cost)


@rule
def from_where(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "From which countries did Dana sign in", "which IPs did Dana sign in from", "which apps did Dana open"."""
    asked = [(read.value, read.end) for read in parse.phrases(event_words().facets_asked, at)]
    asked += [(read.value, read.end) for read in parse.phrases(event_words().facets, at)]
    for facet, begin in asked:
        for read in subject_did(parse, begin):
            for end in (read.end, *parse.mark("from", read.end), *parse.mark("with", read.end)):
                yield from _told_apart(parse, Read(read.value, end, read.cost), facet)
        # "From which countries were there sign-ins"
        for auxiliary in was(parse, begin):
            for there in (auxiliary, *parse.mark("there", auxiliary)):
                for named in events(parse, there):
                    yield from _told_apart(parse, named, facet)
    # "(Which apps) did Dana open": what is asked for fills the slot.
    for facet, begin in asked:
        if facet is Facet.APPLICATION:
            for opened in _opened_by(parse, begin):
                yield Read(LogAsked("tally", opened.value, by=(facet,), spans=True), opened.end, opened.cost)
    # "What did Dana open": nothing else is opened.
    if at > 0 and key_at(parse, at - 1) == "what":
        for opened in _opened_by(parse, at):
            yield Read(LogAsked("tally", opened.value, by=(Facet.APPLICATION,), spans=True), opened.end, opened.cost)


def _told_apart(parse: Parse, read: Read[Phrase], facet: Facet) -> Iterator[Read[LogAsked]]:
    """The events by that facet, with what follows: a window, and whether the travel was possible."""
    rows = [(read.value, read.end, read.cost)]
    for more in narrowing(parse, read.end, read.value.sets):
        if phrase := _with(read.value, more.value):
            rows.append((phrase, more.end, read.cost + more.cost))
    for phrase, end, cost in rows:
        if not tellable(phrase.sets, (facet,)):
            continue
        yield Read(LogAsked("tally", phrase, by=(facet,), spans=True), end, cost)
        if facet in _PLACES:
            for travel in _and_travel(parse, end):
                yield Read(LogAsked("tally", phrase, by=(facet,), spans=True, travel=True), travel, cost)


def _and_travel(parse: Parse, at: int) -> list[int]:
    """ "(…;) any impossible travel", "and was there impossible travel"."""
    begins = [
        *parse.mark(",", at),
        *parse.mark("with", at),
        *(read.end for read in parse.phrases(parse.lexicon.also, at)),
    ]
    for begin in begins:
        if key_at(parse, begin) in ("is", "was", "were", "and", "there", "with"):
            begins.append(begin + 1)
    return [read.end for begin in (at, *begins) for read in parse.phrases(event_words().words["travel"], begin)]


def _opened_by(parse: Parse, at: int) -> Iterator[Read[Phrase]]:
    """ "(Which apps) did Dana open (in the last 30 days)"."""
    if key_at(parse, at) not in ("did", "has", "have"):
        return
    opened = (EventSet(name="app_opening"),)
    for people in subject(parse, at + 1):
        for begin in (people.end, *parse.mark("really", people.end), *parse.mark("actually", people.end)):
            if key_at(parse, begin) not in _OPEN:
                continue
            phrase = Phrase(opened, Said(person=people.value if people.value.where is not None else None))
            yield Read(phrase, begin + 1, people.cost)
            for more in narrowing(parse, begin + 1, opened):
                if both := _with(phrase, more.value):
                    yield Read(both, more.end, people.cost + more.cost)


@rule
def travels(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Impossible travel of Dana in the last 30 days", "who had impossible travel"."""
    signed_in = (EventSet(name="sign_in"),)
    owners = [Read(Said(), at)]
    for people in doers(parse, at):
        said = Said(person=people.value) if people.value.where is not None else Said()
        owners += [Read(said, had.end, people.cost) for had in parse.phrases(event_words().words["had"], people.end)]
    for auxiliary in was(parse, at):
        owners += [Read(Said(), end) for end in (auxiliary, *parse.mark("there", auxiliary))]
    for owner in owners:
        for travel in parse.phrases(event_words().words["travel"], owner.end):
            phrase = Phrase(signed_in, owner.value)
            yield Read(LogAsked("travel", phrase), travel.end, owner.cost)
            for more in narrowing(parse, travel.end, signed_in):
                if both := _with(phrase, more.value):
                    yield Read(LogAsked("travel", both), more.end, owner.cost + more.cost)
