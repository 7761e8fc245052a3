"""Things of the snapshot held against the log: what was never opened, who did not sign in, who really uses what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import nouns
from holdfast.offline.grammar.dates import key_at, number_at
from holdfast.offline.live.log.asked import LogAsked
from holdfast.offline.live.log.clauses import did, do, done
from holdfast.offline.live.log.events import event_words, kind_of
from holdfast.offline.live.log.phrases import Phrase, events, narrowing
from holdfast.offline.live.log.said import Said
from holdfast.offline.live.log.shapes import EventSet, Facet
from holdfast.offline.meaning import Selection
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

_NEVER: Final = frozenset({"never", "not"})
_OPENED: Final = frozenset({"opened", "used", "launched", "accessed"})
_OPENINGS: Final = (EventSet(name="app_opening"),)
_AUXILIARIES: Final = frozenset(
    {"were", "was", "have", "has", "been", "did", "do", "does", "that", "which", "who", "had"}
)


@rule
def without(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Apps never opened in the last 60 days", "active users without any sign-in"."""
    for things in _things(parse, at):
        for phrase in (*_never(parse, things), *_without_noun(parse, things)):
            if _fits(things.value.kind, phrase.value):
                asked = LogAsked("without", phrase.value, things=things.value)
                yield Read(asked, phrase.end, things.cost + phrase.cost)


def _things(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    for kind in (Kind.PERSON, Kind.APPLICATION):
        yield from nouns.np(parse, at, kind)
    if key_at(parse, at) == "who":
        yield Read(Selection(kind=Kind.PERSON), at + 1)


def _fits(kind: Kind, phrase: Phrase) -> bool:
    """Whether the log tells of such things, and nothing else is said that would be about them."""
    if kind is Kind.APPLICATION:
        told = all(Facet.APPLICATION in kind_of(one).shows for one in phrase.sets)
        return told and phrase.said.application is None
    return all(kind_of(one).person for one in phrase.sets) and phrase.said.person is None


def _never(parse: Parse, things: Read[Selection]) -> Iterator[Read[Phrase]]:
    """ "(Apps that) were never opened", "(people who) did not sign in"."""
    end, denied = things.end, False
    while end < things.end + 6 and end < len(parse.tokens):
        key = key_at(parse, end)
        if key in _NEVER and not denied:
            denied = True
        elif key not in _AUXILIARIES:
            break
        end += 1
    if not denied or any(key_at(parse, place) in ("do", "does") for place in range(things.end, end)):
        # "Who does not use Box" asks for a habit, which no window of a log tells.
        return
    if things.value.kind is Kind.APPLICATION:
        if key_at(parse, end) in _OPENED:
            yield from _narrowed(parse, Read(Phrase(_OPENINGS, Said()), end + 1))
        return
    for read in (*did(parse, end), *do(parse, end)):
        if {kind_of(one).person for one in read.value.phrase.sets} == {"actor"}:
            yield Read(read.value.phrase, read.end, read.cost)
    for passive in done(parse, end, "{person}"):
        yield Read(passive.value.phrase, passive.end, passive.cost)


def _without_noun(parse: Parse, things: Read[Selection]) -> Iterator[Read[Phrase]]:
    """ "(People) without any sign-ins", "(apps) with no openings"."""
    begins = [read.end for read in parse.phrases(parse.lexicon.having, things.end) if read.value == "without"]
    for had in (*parse.mark("with", things.end), *parse.mark("had", things.end), *parse.mark("have", things.end)):
        begins += [read.end for read in parse.phrases(parse.lexicon.no, had)]
    for begin in dict.fromkeys(begins):
        yield from events(parse, begin)


def _narrowed(parse: Parse, read: Read[Phrase]) -> Iterator[Read[Phrase]]:
    yield read
    for more in narrowing(parse, read.end, read.value.sets):
        if both := read.value.said.and_(more.value):
            yield Read(read.value._replace(said=both), more.end, read.cost + more.cost)


@rule
def usage(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Top ten apps by assigned users beside the distinct users who really opened them in 30 days"."""
    for limit, begin in _first_of(parse, at):
        for apps in nouns.np(parse, begin, Kind.APPLICATION):
            for assigned in _assigned(parse, apps.end):
                for opened in _openers(parse, assigned):
                    asked = LogAsked("usage", opened.value, limit=limit, things=apps.value)
                    yield Read(asked, opened.end, apps.cost + opened.cost)


def _first_of(parse: Parse, at: int) -> Iterator[tuple[int | None, int]]:
    yield None, at
    for number in number_at(parse, at):
        yield number.value, number.end
    for top in parse.phrases(parse.lexicon.ranking, at):
        if top.value == "top":
            yield 10, top.end
            yield from ((number.value, number.end) for number in number_at(parse, top.end) if number.value)


def _assigned(parse: Parse, at: int) -> list[int]:
    """ "(Apps) by (number of) assigned users", "with the most assigned people"."""
    begins = [at, *(read.end for read in parse.phrases(parse.lexicon.ranking, at) if read.value in ("by", "most"))]
    for begin in parse.mark("with", at):
        begins += [begin, *(r.end for r in parse.phrases(parse.lexicon.ranking, begin) if r.value == "most")]
    words = event_words().words["assigned"]
    return [read.end for begin in begins if begin > at for read in parse.phrases(words, begin)]


def _openers(parse: Parse, at: int) -> Iterator[Read[Phrase]]:
    """ "Beside the distinct users who really opened them (in 30 days)"."""
    begins = [at, *parse.mark(",", at)]
    for beside in (read.end for begin in begins for read in parse.phrases(event_words().words["beside"], begin)):
        for start in (beside, *(r.end for r in parse.phrases(parse.lexicon.counting, beside))):
            for people in parse.phrases(parse.lexicon.nouns, start):
                if people.value is Kind.PERSON:
                    for really in parse.phrases(event_words().words["really"], people.end):
                        yield from _narrowed(parse, Read(Phrase(_OPENINGS, Said()), really.end))
