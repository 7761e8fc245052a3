"""Questions for whoever or whatever has at least so many events: "IPs with more than 10 failed sign-ins"."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.offline.grammar.dates import key_at
from holdfast.offline.grammar.objects import bound
from holdfast.offline.live.log.asked import LogAsked
from holdfast.offline.live.log.clauses import did
from holdfast.offline.live.log.doers import doers
from holdfast.offline.live.log.events import event_words, kind_of
from holdfast.offline.live.log.phrases import Phrase, events, narrowing
from holdfast.offline.live.log.said import Said
from holdfast.offline.live.log.shapes import Facet
from holdfast.offline.live.log.tallies import ranked, tellable
from holdfast.offline.reading.parse import Parse, Read, rule


@rule
def at_least(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Users with more than 5 failed sign-ins", "who failed to sign in at least 3 times"."""
    for of in ranked(parse, at):
        facet, selection = of.value
        ends = [read.end for read in parse.phrases(event_words().words["had"], of.end)]
        for word in ("that", "which", "who"):
            relative = parse.mark(word, of.end)
            ends += [read.end for end in relative for read in parse.phrases(event_words().words["had"], end)]
        for end in ends:
            for number, begin in _least(parse, end):
                for read in events(parse, begin):
                    said = read.value.said.and_(Said(person=selection))
                    if said is not None and tellable(read.value.sets, (facet,)):
                        phrase = read.value._replace(said=said)
                        yield Read(_asked(phrase, facet, number), read.end, of.cost + read.cost)
    yield from _so_often(parse, at)


def _so_often(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "(Who) failed to sign in more than 5 times (in the last 24 hours)"."""
    for people in doers(parse, at):
        for read in did(parse, people.end):
            phrase = read.value.phrase
            said = phrase.said.and_(Said(person=people.value if people.value.where is not None else None))
            if said is None or {kind_of(one).person for one in phrase.sets} != {"actor"}:
                continue
            for number, end in _least(parse, read.end):
                if key_at(parse, end) != "times":
                    continue
                cost = people.cost + read.cost
                yield Read(_asked(phrase._replace(said=said), Facet.PERSON, number), end + 1, cost)
                for more in narrowing(parse, end + 1, phrase.sets):
                    if both := said.and_(more.value):
                        asked = _asked(phrase._replace(said=both), Facet.PERSON, number)
                        yield Read(asked, more.end, cost + more.cost)


def _asked(phrase: Phrase, facet: Facet, number: int) -> LogAsked:
    return LogAsked("tally", phrase, by=(facet,), at_least=number)


def _least(parse: Parse, at: int) -> Iterator[tuple[int, int]]:
    """ "More than 5", "at least 6". Who has fewer may have none, of which no event tells."""
    for many in bound(parse, at):
        if many.value.at_most is None and many.value.at_least:
            yield many.value.at_least, many.end
