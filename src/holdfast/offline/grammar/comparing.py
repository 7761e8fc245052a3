"""Attributes compared with values: "whose title contains 'lead'", "with department Finance", "named Everyone"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.graph.schema import ColumnType
from holdfast.graph.vocabulary import WordKind
from holdfast.offline.grammar import clauses, peers
from holdfast.offline.grammar.combining import any_of, negated
from holdfast.offline.grammar.names import LABELS, attribute_names, is_time, thing, value_of
from holdfast.offline.grammar.windows import window
from holdfast.offline.meaning import Compare, Condition, Linked, Missing, Operator, Selection, Within
from holdfast.offline.meaning.links import LINKS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

_OPERATORS: Final = {"contains": Operator.CONTAINS, "starts": Operator.STARTS, "ends": Operator.ENDS}
# Whoever says "with a status" goes on to say which.
_ALWAYS_THERE: Final = frozenset({"status", "login", "created", "name", "label", "type"})
# These say yes or no, or of which kind; nothing is without one.
_NEVER_MISSING: Final = frozenset({"registered", "secure_hardware", "system", "disk_encryption", "features"})
_NAME_COLUMN: Final = {Kind.PERSON: "display_name", Kind.APPLICATION: "label", Kind.ROLE: "label"}


@rule
def comparison(parse: Parse, at: int, kind: Kind, joined: bool) -> Iterator[Read[Condition]]:
    """An attribute and what its value is, contains or lacks. `joined`: "whose" may stand before an earlier one."""
    begins = [at] if joined else []
    for begin in (*begins, *_ends(parse, at, "whose")):
        for attribute in attribute_names(parse, begin, kind):
            yield from _compared(parse, attribute, kind, begin > at)
        if begin > at:
            yield from _whose_manager(parse, begin, kind)
    for word in parse.phrases(parse.lexicon.having, at):
        yield from _had(parse, word, kind)
    yield from _value_before(parse, at, kind)


def _value_before(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "With an active status", "in staged status", "in LOCKED_OUT state"."""
    for begin in (*_ends(parse, at, "whose"), *(r.end for r in parse.phrases(parse.lexicon.places, at))):
        if kind is Kind.PERSON:
            # "With the GDPR certification"
            yield from peers.of_named_attribute(parse, begin)
        for value in parse.phrases(parse.lexicon.values[kind], begin):
            column = value.value.column
            ends = [r.end for r in attribute_names(parse, value.end, kind) if r.value == column]
            # A state of an account is its status; people also have a state they live in.
            ends += parse.mark("state", value.end) if column == "status" else []
            for end in ends:
                yield Read(Compare(column=column, values=(value.value.value,)), end)


def _had(parse: Parse, word: Read[str], kind: Kind) -> Iterator[Read[Condition]]:
    """ "With a phone number", "with no title", "without a department"."""
    without = [word.end] if word.value == "without" else []
    if word.value == "with":
        without = [no.end for no in parse.phrases(parse.lexicon.no, word.end)]
        for column, end in _presence(parse, word.end, kind):
            yield Read(negated(Missing(column=column)), end)
    for begin in without:
        for column, end in _presence(parse, begin, kind):
            yield Read(Missing(column=column), end)


def _presence(parse: Parse, at: int, kind: Kind) -> Iterator[tuple[str, int]]:
    """An attribute that is there or not: "with a phone number", "without a department"."""
    for attribute in attribute_names(parse, at, kind):
        if attribute.value in _ALWAYS_THERE | _NEVER_MISSING:
            continue
        yield attribute.value, attribute.end
        for word in parse.phrases(parse.lexicon.having, attribute.end):
            if word.value == "assigned":
                yield attribute.value, word.end


def _compared(parse: Parse, attribute: Read[str], kind: Kind, introduced: bool) -> Iterator[Read[Condition]]:
    column = attribute.value
    if introduced:
        yield from _values(parse, attribute.end, kind, column)
    # "With titles that start with Head"
    begins = [attribute.end, *(r.end for r in parse.phrases(parse.lexicon.who, attribute.end) if introduced)]
    for does_not in [end for begin in begins for end in (begin, *_ends(parse, begin, "does_not"))]:
        for word in parse.phrases(parse.lexicon.comparing, does_not):
            denied = does_not not in begins
            if word.value in ("is", "is_not"):
                for read in _values(parse, word.end, kind, column):
                    deny = denied != (word.value == "is_not")
                    yield Read(negated(read.value) if deny else read.value, read.end, read.cost)
            if word.value in _OPERATORS:
                for like in _alike(parse, word, kind, column):
                    yield Read(negated(like.value) if denied else like.value, like.end, like.cost)
            if word.value in ("missing", "present") and not denied:
                missing = Missing(column=column)
                yield Read(missing if word.value == "missing" else negated(missing), word.end)
            if word.value in ("is", "is_not") and is_time(parse, kind, column):
                for span in window(parse, word.end):
                    time = Within(column=column, start=span.value.start, end=span.value.end)
                    yield Read(negated(time) if word.value == "is_not" else time, span.end)


def _alike(parse: Parse, word: Read[str], kind: Kind, column: str) -> Iterator[Read[Condition]]:
    if parse.schema.node(LABELS[kind]).columns[column] is ColumnType.STRING_LIST:
        # A list contains whole items, not parts of them.
        if word.value == "contains":
            yield from _values(parse, word.end, kind, column)
        return
    rows: list[tuple[tuple[str, ...], int]] = [((text,), end) for text, end in _text(parse, word.end)]
    while rows:
        texts, end = rows.pop()
        yield Read(Compare(column=column, operator=_OPERATORS[word.value], values=texts), end)
        # "Containing manager or lead"
        for joined in parse.mark("or", end):
            if not _begins_a_clause(parse, joined, after_quotes=parse.tokens[end - 1].quoted):
                rows += [((*texts, text), after) for text, after in _text(parse, joined)]


def _begins_a_clause(parse: Parse, at: int, *, after_quotes: bool) -> bool:
    """Whether the word is no further text: "contains 'vpn' or that give access", "contains vpn or without members"."""
    if at >= len(parse.tokens) or parse.tokens[at].quoted:
        return False
    lexicon = parse.lexicon
    begins = (parse.phrases(lexicon.who, at), parse.phrases(lexicon.negation, at), parse.phrases(lexicon.having, at))
    return after_quotes or any(begins)


def _ends(parse: Parse, at: int, meaning: str) -> list[int]:
    return [r.end for r in parse.phrases(parse.lexicon.comparing, at) if r.value == meaning]


def _values(parse: Parse, at: int, kind: Kind, column: str) -> Iterator[Read[Condition]]:
    """One value or several: "Finance, Sales or HR"; of an attribute that has one value, "and" says "or"."""
    rows: list[tuple[tuple[Condition, ...], int, int]] = [
        ((read.value,), read.end, read.cost) for read in value_of(parse, at, kind, column)
    ]
    while rows:
        row, end, cost = rows.pop()
        yield Read(any_of(row), end, cost)
        for joined in parse.phrases(parse.lexicon.connecting, end):
            if joined.value != "and_not" or parse.tokens[joined.end - 1].key == "nor":
                rows += [((*row, r.value), r.end, cost + r.cost) for r in value_of(parse, joined.end, kind, column)]


def _text(parse: Parse, at: int) -> Iterator[tuple[str, int]]:
    """What a value contains: the quoted words, or one word."""
    # "Starts with a" ends there; "contains a word" does not.
    articles = ("the", "a", "an") if at + 1 < len(parse.tokens) else ()
    if at < len(parse.tokens) and parse.tokens[at].key not in (",", "(", ")", *articles):
        text, end = parse.typed(at, at + 1) + parse.tokens[at].tail, at + 1
        # "Gmail.com"
        while parse.tokens[end - 1].tail and end < len(parse.tokens) and not parse.tokens[end].quoted:
            if parse.tokens[end].start != parse.tokens[end - 1].end + 1:
                break
            text, end = text + parse.tokens[end].text + parse.tokens[end].tail, end + 1
        yield text, end


def _whose_manager(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "Whose manager is Dana", "whose manager is suspended"."""
    for outline in parse.phrases(parse.lexicon.outlines, at):
        if kind is not Kind.PERSON or outline.value is not Link.MANAGES:
            continue
        link = LINKS[outline.value].inverse
        for word in parse.phrases(parse.lexicon.comparing, outline.end):
            if word.value in ("missing", "present"):
                missing = Missing(column="manager_id")
                yield Read(missing if word.value == "missing" else negated(missing), word.end)
            if word.value == "is":
                for boss in thing(parse, word.end, Kind.PERSON):
                    target = Selection(kind=Kind.PERSON, where=boss.value)
                    yield Read(Linked(link=link, target=target), boss.end, boss.cost)
        for said in clauses.clause(parse, outline.end, Kind.PERSON):
            target = Selection(kind=Kind.PERSON, where=said.value)
            yield Read(Linked(link=link, target=target), said.end, said.cost)


def _named_alike(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "(People called) Hoffmann", of whom there are several: all whose first or last name it is."""
    for name in parse.names(at):
        parts = [word for word in name.words if word.kind is WordKind.PERSON_PART]
        if len({word.id for word in parts}) > 1 and not name.partly:
            spelt = tuple(sorted({word.name for word in parts}))
            columns = ("first_name", "last_name")
            either = [Compare(column=column, operator=Operator.SPELT, values=spelt) for column in columns]
            yield Read(any_of(either), name.end, 1)


@rule
def named(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "Called Everyone": a thing by its name; "whose name contains …" is a comparison."""
    for word in parse.phrases(parse.lexicon.comparing, at):
        # "Groups starting with Eng-"
        if word.value in ("starts", "ends"):
            for text, after in _text(parse, word.end):
                column = _NAME_COLUMN.get(kind, "name")
                yield Read(Compare(column=column, operator=_OPERATORS[word.value], values=(text,)), after, 1)
    for end in _ends(parse, at, "named"):
        for read in thing(parse, end, kind):
            yield Read(read.value, read.end, read.cost)
        if kind is Kind.PERSON:
            yield from _named_alike(parse, end)
        for word in parse.phrases(parse.lexicon.comparing, end):
            if word.value in _OPERATORS:
                for text, after in _text(parse, word.end):
                    column = _NAME_COLUMN.get(kind, "name")
                    yield Read(Compare(column=column, operator=_OPERATORS[word.value], values=(text,)), after)
