"""Who holds which admin role, and by which path: "who has which admin role and how", "admin role assignments"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import nouns
from holdfast.offline.grammar.combining import all_of
from holdfast.offline.meaning import Asked, Counted, Linked, Selection
from holdfast.offline.meaning.links import BETWEEN, LINKS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

_WHICH: Final = frozenset({"which", "what"})
_PEOPLE: Final = frozenset({"who", "whoever"})


@rule
def holding(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """Questions about what each of some people has."""
    for read in (*_who_has_which(parse, at), *_assignments(parse, at)):
        yield read
        # The rows tell how, where there are ways at all.
        for end in _and_how(parse, read.end) if read.value.paths else ():
            yield read._replace(end=end)
    yield from _each(parse, at)


def _and_how(parse: Parse, at: int) -> list[int]:
    ends = [at, *(also.end for also in parse.phrases(parse.lexicon.also, at)), *parse.mark(",", at)]
    ends += [also.end for end in ends[1:] for also in parse.phrases(parse.lexicon.also, end)]
    return [how.end for end in ends for how in parse.phrases(parse.lexicon.path_adverbs, end)]


def _who_has_which(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "Who has which admin role", "which contractors have which factors"."""
    owners = [Read(Selection(kind=Kind.PERSON), at + 1)] if _key(parse, at) in _PEOPLE else []
    owners += nouns.np(parse, at, Kind.PERSON, True)
    for owner in owners:
        for had in parse.phrases(parse.lexicon.having, owner.end):
            if had.value == "with" and _key(parse, had.end) in _WHICH:
                yield from _which(parse, had.end + 1, owner)
        for verb in parse.phrases(parse.lexicon.links[Kind.PERSON], owner.end):
            if _key(parse, verb.end) in _WHICH:
                yield from (r for r in _which(parse, verb.end + 1, owner))


def _which(parse: Parse, at: int, owner: Read[Selection]) -> Iterator[Read[Asked]]:
    for kind in (Kind.ROLE, Kind.FACTOR, Kind.DEVICE, Kind.GROUP):
        for things in nouns.np(parse, at, kind):
            link = BETWEEN[(Kind.PERSON, kind)]
            where = all_of((owner.value.where, Linked(link=link, target=things.value)))
            people = Selection(kind=Kind.PERSON, where=where)
            if kind is Kind.ROLE:
                yield Read(Asked(subject=people, paths=True), things.end, owner.cost + things.cost)
            elif things.value.where is None:
                yield Read(Asked(subject=people, beside=(link,)), things.end, owner.cost + things.cost)


def _assignments(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "Admin role assignments", "all admin roles and who holds them"."""
    for begin in (at, *(whole.end for whole in parse.phrases(parse.lexicon.whole, at))):
        for roles in nouns.np(parse, begin, Kind.ROLE):
            where = Linked(link=Link.HOLDS, target=roles.value)
            asked = Asked(subject=Selection(kind=Kind.PERSON, where=where), paths=True)
            for word in parse.phrases(parse.lexicon.role_assignments, roles.end):
                yield Read(asked, word.end, roles.cost)


def _each(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "How many people hold each admin role", "admins per role"."""
    begins = [(read.end, True) for read in parse.phrases(parse.lexicon.counting, at)]
    for begin, _ in begins:
        for people in nouns.np(parse, begin, Kind.PERSON, True):
            for verb in parse.phrases(parse.lexicon.links[Kind.PERSON], people.end):
                for each in parse.phrases(parse.lexicon.whole, verb.end):
                    for things in nouns.np(parse, each.end, LINKS[verb.value].target):
                        counted = Counted(link=LINKS[verb.value].inverse, target=people.value)
                        ranked = Asked(mode="rank", subject=things.value, counted=counted)
                        yield Read(ranked, things.end, people.cost + things.cost)


def _key(parse: Parse, at: int) -> str:
    return parse.tokens[at].key if at < len(parse.tokens) and not parse.tokens[at].quoted else ""
