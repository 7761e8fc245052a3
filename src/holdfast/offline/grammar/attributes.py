"""Attributes that are asked for: "Dana's department", "the status of Slack", "when did Dana last sign in"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import nouns, questions
from holdfast.offline.grammar.names import attribute_names, thing, time_verbs
from holdfast.offline.meaning import Asked, Selection
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

_NAMES: Final = {Kind.PERSON: "display_name", Kind.GROUP: "name", Kind.APPLICATION: "label"}
# Attributes whose values many people share, so that a list of them is of use.
_GROUPING: Final = frozenset(
    {"department", "division", "organization", "cost_center", "title", "user_type", "city", "state", "country_code"}
)


@rule
def attribute_of(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "Dana's department", "the status of Slack", "the e-mail addresses of the contractors"."""
    for kind in (Kind.PERSON, Kind.GROUP, Kind.APPLICATION, Kind.DEVICE, Kind.POLICY, Kind.ZONE):
        yield from _attribute_asked(parse, at, kind)
        for owner in thing(parse, at, kind):
            for mark in parse.mark("'s", owner.end):
                for details in parse.phrases(parse.lexicon.details, mark):
                    yield Read(Asked(subject=Selection(kind=kind, where=owner.value)), details.end, owner.cost)
                for columns in _columns(parse, mark, kind):
                    selection = Selection(kind=kind, where=owner.value)
                    yield Read(Asked(subject=selection, also=columns.value), columns.end, owner.cost)
        for columns in _columns(parse, at, kind):
            ofs = (*parse.mark("of", columns.end), *parse.mark("for", columns.end))
            if kind is Kind.ZONE:
                # "Which IP ranges are in the blocked zones"
                ofs = (
                    *ofs,
                    *(end for at in (columns.end, *parse.mark("are", columns.end)) for end in parse.mark("in", at)),
                )
            for of in ofs:
                for owners in (*questions.subject(parse, of), *nouns.np(parse, of, kind, True)):
                    if owners.value.kind is kind:
                        # "The names of the contractors" are shown anyway.
                        cost = owners.cost + int(columns.value == (_NAMES.get(kind),))
                        yield Read(Asked(subject=owners.value, also=columns.value), owners.end, cost)


def _attribute_asked(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Asked]]:
    """ "(What) department is Dana in", "(which) city does Dana work in", "(what) status does Box have"."""
    for columns in _columns(parse, at, kind):
        for auxiliary in parse.phrases(parse.lexicon.yes_no, columns.end):
            for owner in thing(parse, auxiliary.end, kind):
                asked = Asked(subject=Selection(kind=kind, where=owner.value), also=columns.value)
                ends = [r.end for r in parse.phrases(parse.lexicon.places, owner.end)]
                ends += [r.end for r in parse.phrases(parse.lexicon.having, owner.end) if r.value == "with"]
                for end in ends:
                    yield Read(asked, end, owner.cost)


def _columns(parse: Parse, at: int, kind: Kind) -> list[Read[tuple[str, ...]]]:
    """One or more attributes: "login, title and last login"."""
    found: list[Read[tuple[str, ...]]] = [Read((r.value,), r.end) for r in attribute_names(parse, at, kind)]
    for read in found:
        for joined in parse.phrases(parse.lexicon.connecting, read.end):
            if joined.value == "and":
                found += [
                    Read((*read.value, r.value), r.end)
                    for r in attribute_names(parse, joined.end, kind)
                    if r.value not in read.value
                ]
    return found


@rule
def values_of(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "Which departments are there": each, with how many people it has."""
    for column in attribute_names(parse, at, Kind.PERSON):
        if column.value in _GROUPING and parse.tokens[column.end - 1].key.endswith("s"):
            yield Read(Asked(mode="count", subject=Selection(kind=Kind.PERSON), by=column.value), column.end, 1)


@rule
def when(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "When did Dana last log in"."""
    for begin in parse.mark("when", at):
        for auxiliary in parse.phrases(parse.lexicon.auxiliaries, begin):
            for owner in questions.subject(parse, auxiliary.end):
                for last in (owner.end, *parse.mark("last", owner.end), *parse.mark("first", owner.end)):
                    for verb in time_verbs(parse, last, owner.value.kind):
                        yield Read(Asked(subject=owner.value, also=(verb.value,)), verb.end, owner.cost)
