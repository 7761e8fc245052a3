"""What is said of people only: what they work as, whose manager they share, what account they have."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.offline.grammar import nouns
from holdfast.offline.grammar.combining import all_of, negated
from holdfast.offline.grammar.names import attribute_names, tenant_value, thing, value_of
from holdfast.offline.meaning import Condition, Linked, Missing, Named, Selection
from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule


@rule
def employed(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Working as Financial Analyst"; "with an active account", "with a blank title"."""
    for word in parse.phrases(parse.lexicon.employed, at):
        for title in value_of(parse, word.end, Kind.PERSON, "title"):
            yield Read(title.value, title.end, title.cost)
    for having in parse.phrases(parse.lexicon.having, at):
        if having.value == "with":
            yield from _with_account(parse, having.end)
            yield from _with_reports(parse, having.end)
            for blank in parse.phrases(parse.lexicon.blank, having.end):
                yield from _without(parse, blank.end)


def _with_account(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "(With) an active account"."""
    for quality in nouns.adjectives_before(parse, at, Kind.PERSON):
        for account in parse.phrases(parse.lexicon.accounts, quality.end):
            if quality.value is not None:
                yield Read(quality.value, account.end, quality.cost)


def _with_reports(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "(With) contractors as direct reports", "(who have) Dana Whitfield as their manager"."""
    for people in nouns.np(parse, at, Kind.PERSON):
        for reporting in parse.phrases(parse.lexicon.reporting, people.end):
            yield Read(Linked(link=Link.MANAGES, target=people.value), reporting.end, people.cost)
    for boss in thing(parse, at, Kind.PERSON):
        for manager in parse.phrases(parse.lexicon.as_manager, boss.end):
            target = Selection(kind=Kind.PERSON, where=boss.value)
            yield Read(Linked(link=Link.REPORTS_TO, target=target), manager.end, boss.cost)


def _without(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "(With an empty) title", "(with a blank) manager"."""
    for outline in parse.phrases(parse.lexicon.outlines, at):
        if outline.value is Link.MANAGES:
            yield Read(Missing(column="manager_id"), outline.end)
    for attribute in attribute_names(parse, at, Kind.PERSON):
        yield Read(Missing(column=attribute.value), attribute.end)


@rule
def of_same_manager(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "With the same manager as Dana": whoever reports to whom Dana reports to, but not Dana."""
    for words in parse.phrases(parse.lexicon.same_manager, at):
        for other in thing(parse, words.end, Kind.PERSON):
            yield Read(peers_of(other.value), other.end, other.cost)


@rule
def colleagues(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Dana's peers"."""
    for owner in thing(parse, at, Kind.PERSON):
        for mark in parse.mark("'s", owner.end):
            for word in parse.phrases(parse.lexicon.colleagues, mark):
                yield Read(peers_of(owner.value), word.end, owner.cost)


def peers_of(other: Named) -> Condition:
    """Those who report to the same person, without that one."""
    managers = Linked(link=Link.MANAGES, target=Selection(kind=Kind.PERSON, where=other))
    same = Linked(link=Link.REPORTS_TO, target=Selection(kind=Kind.PERSON, where=managers))
    both = all_of((same, negated(other)))
    assert both is not None
    return both


@rule
def of_named_attribute(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """A value beside the name of its attribute: "(belonging to) the Engineering department"."""
    for value in tenant_value(parse, at):
        columns = [r.value for name in parse.names(at) for r in attribute_names(parse, name.end, Kind.PERSON)]
        columns += [r.value for r in attribute_names(parse, at, Kind.PERSON)]
        if value.value.column in columns and value.end > min((n.end for n in parse.names(at)), default=at):
            yield Read(value.value, value.end, value.cost)
