"""What happened to things, and when: "created since May", "not signed in for 90 days", "older than a year"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from holdfast.graph.schema import ColumnType
from holdfast.offline.grammar import clauses
from holdfast.offline.grammar.combining import all_of, negated
from holdfast.offline.grammar.names import LABELS, attribute_names, is_time, time_verbs
from holdfast.offline.grammar.windows import Span, age, silence, window
from holdfast.offline.meaning import Compare, Condition, Missing, Within
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

# After "logged in" these say where from, which the tenant does not tell.
_LOGIN_PLACES: Final = frozenset({"from", "at", "in"})
# "Older than 90 days" after "whose last login is" is not the age of the account.
_AGE_COST: Final = 2
# Words of a window that ends now, of a date that may lie ahead.
_UP_TO_NOW: Final = frozenset({"last", "past", "previous", "preceding", "this", "within"})


@rule
def times(parse: Parse, at: int, kind: Kind, denied: bool) -> Iterator[Read[Condition]]:
    """Everything that is said of things by a time; `denied` where "not" stands before it."""
    yield from _timed(parse, at, kind, denied)
    yield from _had_time(parse, at, kind)
    yield from _told(parse, at, kind)
    if kind is Kind.PERSON and not denied:
        yield from _turned(parse, at)
    if "created" in parse.schema.node(LABELS[kind]).columns:
        for span in age(parse, at):
            yield Read(within("created", span.value), span.end, span.cost + _AGE_COST)


def within(column: str, span: Span) -> Within:
    """The condition that a time lies in the window."""
    return Within(column=column, start=span.start, end=span.end)


def until_now(parse: Parse, kind: Kind, column: str, span: Span) -> Span:
    """The window without the days to come: who starts next month was not hired since May."""
    is_text = parse.schema.node(LABELS[kind]).columns[column] is ColumnType.STRING
    tomorrow = parse.now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if not is_text or span.start is None or span.start >= tomorrow or (span.end and span.end <= tomorrow):
        return span
    return Span(span.start, tomorrow)


def _timed(parse: Parse, at: int, kind: Kind, denied: bool) -> Iterator[Read[Condition]]:
    for verb in time_verbs(parse, at, kind):
        login = verb.value == "last_login"
        for span in window(parse, verb.end):
            # "Logged in today from Berlin": from where, the tenant does not tell.
            if not (login and _follows(parse, span.end, frozenset({"from"}))):
                yield Read(within(verb.value, until_now(parse, kind, verb.value, span.value)), span.end, span.cost)
        if denied:
            for span in silence(parse, verb.end):
                yield Read(within(verb.value, until_now(parse, kind, verb.value, span.value)), span.end, span.cost)
        # "Who logged in last" asks for one.
        last = parse.tokens[verb.end - 1].key == "last"
        if login and not last and not _follows(parse, verb.end, _LOGIN_PLACES):
            yield Read(negated(Missing(column=verb.value)), verb.end)
    yield from _quiet_or_attribute(parse, at, kind)


def _quiet_or_attribute(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "Dormant for 90 days"; "last login before May"."""
    for busy in parse.phrases(parse.lexicon.busy[kind], at):
        for span in window(parse, busy.end):
            yield Read(within(busy.value, span.value), span.end, span.cost)
    for quiet in parse.phrases(parse.lexicon.quiet[kind], at):
        for span in (*silence(parse, quiet.end), *window(parse, quiet.end)):
            if span.value.end is None:
                yield Read(negated(within(quiet.value, span.value)), span.end, span.cost)
    for attribute in attribute_names(parse, at, kind):
        if is_time(parse, kind, attribute.value):
            for span in window(parse, attribute.end):
                words = {token.key for token in parse.tokens[attribute.end : span.end]}
                said = until_now(parse, kind, attribute.value, span.value) if words & _UP_TO_NOW else span.value
                yield Read(within(attribute.value, said), span.end, span.cost)


def _follows(parse: Parse, at: int, words: frozenset[str]) -> bool:
    return at < len(parse.tokens) and not parse.tokens[at].quoted and parse.tokens[at].key in words


@rule
def _had_time(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "With a login in the last 7 days", "with no login since May", "without a sign-in"."""
    for having in parse.phrases(parse.lexicon.having, at):
        begins = [(having.end, having.value == "without")] if having.value in ("with", "without") else []
        if having.value == "with":
            begins += [(no.end, True) for no in parse.phrases(parse.lexicon.no, having.end)]
        for begin, none in begins:
            for noun in parse.phrases(parse.lexicon.time_nouns[kind], begin):
                # "With no sign-in at all"
                ends = [r.end for r in parse.phrases(parse.lexicon.having, noun.end) if r.value == "assigned"]
                if not _follows(parse, noun.end, _LOGIN_PLACES):
                    ends.append(noun.end)
                never = Missing(column=noun.value)
                for end in ends:
                    yield Read(never if none else negated(never), end)
                for span in (*window(parse, noun.end), *(silence(parse, noun.end) if none else ())):
                    said = within(noun.value, span.value)
                    yield Read(negated(said) if none else said, span.end, span.cost)


def _turned(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Suspended this month", "locked out since Monday"."""
    for value in parse.phrases(parse.lexicon.values[Kind.PERSON], at):
        # "Active in the last 7 days" is who signed in.
        if value.value.column == "status" and value.value.value != "ACTIVE":
            said = Compare(column="status", values=(value.value.value,))
            for span in window(parse, value.end):
                yield Read(turned(said, span.value), span.end, span.cost)
            # "Suspended for more than 30 days"
            for span in silence(parse, value.end) if parse.mark("for", value.end) else ():
                yield Read(turned(said, Span(None, span.value.start)), span.end, span.cost)


def turned(status: Compare, span: Span) -> Condition:
    """Those who are of that status, and came to be within that time."""
    both = all_of((status, within("status_changed", span)))
    assert both is not None
    return both


@rule
def events(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Logins since Monday", "no sign-in for 90 days": those of whom it is so."""
    begins = [(at, False), *((no.end, True) for no in parse.phrases(parse.lexicon.no, at))]
    for begin, none in begins:
        for noun in parse.phrases(parse.lexicon.time_nouns[Kind.PERSON], begin):
            for span in (*window(parse, noun.end), *(silence(parse, noun.end) if none else ())):
                said = within(noun.value, span.value)
                yield Read(negated(said) if none else said, span.end, span.cost)


@rule
def _told(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "Whose password has not been changed for a year": what happened to something of theirs, and when."""
    begins = [whose.end for whose in parse.phrases(parse.lexicon.comparing, at) if whose.value == "whose"]
    # "Passwords not changed for a year"
    for begin in [0, *begins] if at == 0 else begins:
        for thing in parse.phrases(parse.lexicon.told_things[kind], begin):
            for opening in clauses.openings(parse, thing.end, who=False):
                # "Passwords older than 90 days"
                for old in age(parse, opening.end) if not opening.denied else ():
                    yield Read(within(thing.value, old.value), old.end, old.cost)
                for verb in parse.phrases(parse.lexicon.told_verbs[kind], opening.end):
                    if verb.value != thing.value:
                        continue
                    spans = [*window(parse, verb.end), *(silence(parse, verb.end) if opening.denied else ())]
                    for span in spans:
                        said = within(verb.value, span.value)
                        yield Read(negated(said) if opening.denied else said, span.end, span.cost)
