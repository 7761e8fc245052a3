"""The forms of a question of the system log: lists, counts, who did what, when, from where, and what never."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar.dates import key_at, number_at
from holdfast.offline.grammar.questions import asked_from
from holdfast.offline.live.log import tallies, thresholds, unseen
from holdfast.offline.live.log.asked import LogAsked
from holdfast.offline.live.log.clauses import did, done, happened
from holdfast.offline.live.log.doers import DID, WAS, doers, listed_or_told, subject_did, subject_did_once, was
from holdfast.offline.live.log.events import event_words
from holdfast.offline.live.log.phrases import events
from holdfast.offline.live.log.said import Said
from holdfast.offline.live.log.shapes import Facet
from holdfast.offline.reading.parse import Parse, Read, rule

_WHEN: Final = (("when",), ("at", "what", "time"), ("on", "which", "day"), ("on", "what", "date"))


def whole_log_question(parse: Parse) -> list[Read[LogAsked]]:
    """Every reading of the question that leaves no word over."""
    found = []
    for begin in asked_from(parse):
        for read in _question(parse, begin):
            # "Who denied pushes" asks for people, before it is the pushes that were denied.
            if read.value.shape == "list" and begin and parse.tokens[begin - 1].key == "who":
                read = read._replace(cost=read.cost + 1)
            if parse.at_end(read.end):
                found.append(read)
            elif any(parse.at_end(end) for end in _ends(parse, read.end)):
                found.append(read._replace(cost=read.cost + 1))
    return found


def _ends(parse: Parse, at: int) -> list[int]:
    """Places after words that close a question and add nothing."""
    found = [at]
    for place in found:
        ends = [read.end for read in parse.phrases(parse.lexicon.closing, place)]
        ends += [read.end for read in parse.phrases(event_words().words["log"], place)]
        for end in [*ends, *parse.mark(",", place), *parse.starts(place)]:
            if end not in found:
                found.append(end)
    return found


@rule
def _question(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    for begin in (at, *(read.end for read in parse.phrases(event_words().words["log"], at))):
        yield from _lists(parse, begin)
        yield from tallies.counts(parse, begin)
        yield from tallies.rankings(parse, begin)
        yield from tallies.different(parse, begin)
        yield from _who_did(parse, begin)
        yield from _admins_who(parse, begin)
        yield from _to_whom(parse, begin)
        yield from _when(parse, begin)
        yield from _yes_or_no(parse, begin)
        yield from tallies.from_where(parse, begin)
        yield from tallies.travels(parse, begin)
        yield from thresholds.at_least(parse, begin)
        yield from unseen.without(parse, begin)
        yield from unseen.usage(parse, begin)


def _lists(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """The events; "the last 5 (sign-ins of Dana)", "the first (lockout)"."""
    words = event_words().words
    for read in events(parse, at):
        yield Read(LogAsked("list", read.value), read.end, read.cost)
    for oldest, table in ((False, words["last"]), (True, words["first"])):
        for word in parse.phrases(table, at):
            for number in (Read(1, word.end), *number_at(parse, word.end)):
                for read in events(parse, number.end):
                    if number.value > 0:
                        asked = LogAsked("list", read.value, oldest_first=oldest, limit=number.value)
                        yield Read(asked, read.end, read.cost)


def _who_did(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    admins = {end for facet, end in event_words().facets.at(parse.tokens, at) if facet is Facet.ACTOR}
    for people in doers(parse, at):
        for read in did(parse, people.end):
            asked = listed_or_told(read.value, people.value)
            if asked is not None and not (people.end in admins and asked.shape == "list"):
                yield Read(asked, read.end, people.cost + read.cost)


@rule
def _admins_who(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Which admins reset factors": whoever did that is one, and had not to hold any role to this day."""
    for facet, end in event_words().facets.at(parse.tokens, at):
        if facet is Facet.ACTOR:
            for read in did(parse, end):
                asked = listed_or_told(read.value, None)
                if asked is not None and asked.shape == "list":
                    yield Read(asked, read.end, read.cost)


def _to_whom(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Who was locked out", "which people were added to Finance", "whose factors were reset"."""
    for people in doers(parse, at):
        said = Said(person=people.value if people.value.where is not None else None)
        for read in done(parse, people.end, "{person}"):
            phrase = read.value.phrase
            if both := phrase.said.and_(said):
                yield Read(LogAsked("list", phrase._replace(said=both)), read.end, people.cost + read.cost)
    if key_at(parse, at) == "whose":
        for read in done(parse, at + 1, "{person}"):
            yield Read(LogAsked("list", read.value.phrase), read.end, read.cost)
    # "API tokens created this week", "policies changed yesterday"
    for read in happened(parse, at):
        yield Read(LogAsked("list", read.value.phrase), read.end, read.cost)


def _when(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "When did Dana deny a push", "when was the role X given to Y (and by whom)"."""
    for when in _WHEN:
        end = at + len(when)
        if tuple(token.key for token in parse.tokens[at:end]) != when:
            continue
        for read in subject_did(parse, end):
            yield Read(LogAsked("list", read.value), read.end, read.cost)
        for once in subject_did_once(parse, end):
            phrase, oldest = once.value
            yield Read(LogAsked("list", phrase, oldest_first=oldest, limit=1), once.end, once.cost)
        for doing in happened(parse, end):
            yield Read(LogAsked("list", doing.value.phrase), doing.end, doing.cost)
        # "When were the failed sign-ins of Dana"
        for auxiliary in was(parse, end):
            for named in events(parse, auxiliary):
                yield Read(LogAsked("list", named.value), named.end, named.cost)


def _yes_or_no(parse: Parse, at: int) -> Iterator[Read[LogAsked]]:
    """ "Did Dana deny a push", "were there any push denials", "was any support session granted": the events, if any."""
    for read in subject_did(parse, at):
        yield Read(LogAsked("list", read.value), read.end, read.cost)
    if key_at(parse, at) in (*WAS, *DID):
        for there in (at + 1, *(r.end for r in parse.phrases(event_words().words["happened"], at))):
            for named in events(parse, there):
                yield Read(LogAsked("list", named.value), named.end, named.cost)
    for doing in happened(parse, at):
        yield Read(LogAsked("list", doing.value.phrase), doing.end, doing.cost)
