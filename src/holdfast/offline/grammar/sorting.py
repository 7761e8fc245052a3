"""Lists in an order: "sorted by last login, newest first", "the 10 newest accounts", "who logged in most recently"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from holdfast.offline.grammar import nouns, questions
from holdfast.offline.grammar.combining import all_of, negated
from holdfast.offline.grammar.counting import DEFAULT_LIMIT, TELLING_APART
from holdfast.offline.grammar.names import LABELS, attribute_names, is_time, time_verbs
from holdfast.offline.meaning import Asked, Condition, Missing, Order, Selection
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read, rule

# What a list is in the order of where it is to be "in alphabetical order".
_ALPHABETICAL: Final = {Kind.PERSON: "display_name", Kind.APPLICATION: "label", Kind.ROLE: "label"}
_SAYS_DIRECTION: Final = frozenset({"first", "ascending", "asc", "descending", "desc", "order", "top"})
_ALWAYS: Final = frozenset({"created", "last_updated", "status_changed"})
_PLURALS: Final = frozenset({"people", "ppl", "staff", "personnel", "everyone", "everybody", "software", "hardware"})


class _Beginning(NamedTuple):
    """ "The 10 newest", "latest 10", "first 5": how many, which end of time comes first, and the place after.

    `newest_first` is None where what follows says by what they are sorted; `top`: the latest or greatest of it.
    """

    limit: int
    newest_first: bool | None
    end: int
    top: bool = False
    # Whether the number was typed; else it is as many as fit a page, or one.
    typed: bool = False


@rule
def ordered_lists(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """A list of things in an order that was asked for, all of it or its beginning."""
    for listed in questions.lists(parse, at):
        kind = listed.value.subject.kind
        for order in _order(parse, listed.end, kind):
            yield Read(listed.value.model_copy(update={"order": order.value}), order.end, listed.cost)
        yield from _most_recently(parse, listed, DEFAULT_LIMIT)
    for begin in _beginnings(parse, at):
        for kind in Kind:
            yield from _first_ones(parse, begin, kind)
        yield from _recent_events(parse, begin)


def _order(parse: Parse, at: int, kind: Kind, *, sure: bool = False) -> Iterator[Read[tuple[Order, ...]]]:
    """ "Sorted by department and name", "by last login, newest first", "newest first", "alphabetically"."""
    for begin in (at, *parse.mark(",", at)):
        for word in parse.phrases(parse.lexicon.sorting, begin):
            if word.value in ("by", "sorted"):
                yield from _by(parse, word.end, kind, sure=sure or word.value == "sorted")
            elif word.value == "alphabetically":
                yield Read((Order(column=_ALPHABETICAL.get(kind, "name")),), word.end)
            elif _has_created(parse, kind) and parse.tokens[word.end - 1].key == "first":
                yield Read((Order(column="created", descending=word.value == "newest_first"),), word.end)


def _by(parse: Parse, at: int, kind: Kind, *, sure: bool) -> Iterator[Read[tuple[Order, ...]]]:
    """Attributes with their directions; `sure`: also without one, after words that say "sorted"."""
    rows: list[Read[tuple[Order, ...]]] = [Read((), at)]
    while rows:
        row = rows.pop()
        begins = [row.end]
        if row.value:
            begins = [r.end for r in parse.phrases(parse.lexicon.connecting, row.end) if r.value == "and"]
            begins += [
                r.end for b in (row.end, *begins) for r in parse.phrases(parse.lexicon.sorting, b) if r.value == "then"
            ]
        known = {key.column for key in row.value}
        for begin in begins:
            for column in attribute_names(parse, begin, kind):
                if column.value in known:
                    continue
                for key, end, said in _directions(parse, column):
                    longer = Read((*row.value, key), end)
                    rows.append(longer)
                    if sure or said or column.value in TELLING_APART or is_time(parse, kind, column.value):
                        yield longer


def _directions(parse: Parse, column: Read[str]) -> Iterator[tuple[Order, int, bool]]:
    yield Order(column=column.value), column.end, False
    for begin in (column.end, *parse.mark(",", column.end)):
        for word in parse.phrases(parse.lexicon.sorting, begin):
            if word.value in ("newest_first", "descending"):
                yield Order(column=column.value, descending=True), word.end, True
            elif word.value in ("oldest_first", "ascending"):
                yield Order(column=column.value), word.end, True


def _beginnings(parse: Parse, at: int) -> Iterator[_Beginning]:
    """What says how many come first; "the newest account" is one, "the newest accounts" are as many as fit a page."""
    firsts = list(_firsts(parse, at))
    yield from firsts
    numbers = {(DEFAULT_LIMIT, at, False), *((first.limit, first.end, first.typed) for first in firsts)}
    for many, begin, typed in sorted(numbers):
        for word in parse.phrases(parse.lexicon.sorting, begin):
            if word.value in ("newest", "oldest"):
                yield _Beginning(many, word.value == "newest", word.end, typed=typed)
                for number, end in _numbers(parse, word.end) if begin == at else ():
                    yield _Beginning(number, word.value == "newest", end, typed=True)
    for last in parse.mark("last", at):
        for many, end in _numbers(parse, last):
            yield _Beginning(many, True, end, typed=True)


def _firsts(parse: Parse, at: int) -> Iterator[_Beginning]:
    """ "20", "top 20", "first 5", "first" (person): by what they are sorted follows."""
    for many, end in _numbers(parse, at):
        yield _Beginning(many, None, end, typed=True)
    for word in parse.phrases(parse.lexicon.ranking, at):
        if word.value == "top":
            if parse.tokens[word.end - 1].key == "first":
                yield _Beginning(1, None, word.end)
            for many, end in _numbers(parse, word.end):
                yield _Beginning(many, None, end, top=parse.tokens[word.end - 1].key == "top", typed=True)


def _numbers(parse: Parse, at: int) -> list[tuple[int, int]]:
    found = []
    for start in parse.starts(at):
        if start < len(parse.tokens) and not parse.tokens[start].quoted:
            key = parse.tokens[start].key
            number = int(key) if key.isascii() and key.isdigit() and len(key) < 6 else parse.lexicon.numbers.get(key, 0)
            if number > 0 and key not in ("a", "an"):
                found.append((number, start + 1))
    return found


def _first_ones(parse: Parse, begin: _Beginning, kind: Kind) -> Iterator[Read[Asked]]:
    newest = begin.newest_first
    verbs = [("", begin.end)]
    if newest is not None:
        # "10 most recently created people", "last 10 created users"
        verbs += [(verb.value, verb.end) for verb in time_verbs(parse, begin.end, kind)]
    for verb, start in verbs:
        for things in nouns.np(parse, start, kind):
            limit = 1 if not begin.typed and _is_one(parse, start, things.end) else begin.limit
            if newest is None:
                for order in _order(parse, things.end, kind, sure=True):
                    keys = order.value
                    if begin.top and parse.tokens[order.end - 1].key not in _SAYS_DIRECTION:
                        keys = tuple(k.model_copy(update={"descending": is_time(parse, kind, k.column)}) for k in keys)
                    yield _cut(parse, things, keys, order.end, limit)
                yield from _most_recently(parse, Read(Asked(subject=things.value), things.end, things.cost), limit)
                continue
            named = [(verb, things.end)] if verb else _said_of(parse, things.end, kind)
            if (
                not verb
                and parse.tokens[begin.end - 1].key != "last"
                and not _last(parse, begin)
                and _has_created(parse, kind)
            ):
                named.append(("created", things.end))
            for column, end in named:
                yield _cut(parse, things, (Order(column=column, descending=newest),), end, limit)


def _last(parse: Parse, begin: _Beginning) -> bool:
    """ "The last 10 users": whether that is by creation or by sign-in, nothing says."""
    return any(token.key == "last" for token in parse.tokens[max(0, begin.end - 2) : begin.end])


def _is_one(parse: Parse, start: int, end: int) -> bool:
    """Whether the noun of the things that stand there is in the singular: "the newest account in London"."""
    ends = [after for at in range(start, end) for _, after in parse.lexicon.nouns.at(parse.tokens, at)]
    noun = parse.tokens[min(ends, default=end) - 1].key
    return not noun.endswith("s") and noun not in _PLURALS


def _said_of(parse: Parse, at: int, kind: Kind) -> list[tuple[str, int]]:
    """ "(Latest 10 users) to be created", "(last 20 people) to log in", "(oldest groups) by creation date"."""
    found = []
    for to in (at, *parse.mark("to", at), *(r.end for r in parse.phrases(parse.lexicon.who, at))):
        found += [(verb.value, verb.end) for verb in time_verbs(parse, to, kind)]
    for by in parse.mark("by", at):
        found += [(c.value, c.end) for c in attribute_names(parse, by, kind) if is_time(parse, kind, c.value)]
    return found


def _most_recently(parse: Parse, listed: Read[Asked], limit: int) -> Iterator[Read[Asked]]:
    """ "(People) who logged in most recently", "(users) with the latest sign-in"."""
    kind = listed.value.subject.kind
    things = Read(listed.value.subject, listed.end, listed.cost)
    for who in (listed.end, *(r.end for r in parse.phrases(parse.lexicon.who, listed.end))):
        for verb in time_verbs(parse, who, kind):
            for word in parse.phrases(parse.lexicon.sorting, verb.end):
                if word.value in ("newest", "oldest"):
                    order = (Order(column=verb.value, descending=word.value == "newest"),)
                    yield _cut(parse, things, order, word.end, limit)
            # "Who logged in last"
            for last in parse.mark("last", verb.end):
                one = 1 if limit == DEFAULT_LIMIT else limit
                yield _cut(parse, things, (Order(column=verb.value, descending=True),), last, one)
    for having in parse.phrases(parse.lexicon.having, listed.end):
        for word in parse.phrases(parse.lexicon.sorting, having.end) if having.value == "with" else ():
            if word.value in ("newest", "oldest"):
                named = [
                    *parse.phrases(parse.lexicon.time_nouns[kind], word.end),
                    *attribute_names(parse, word.end, kind),
                ]
                for column in named:
                    if is_time(parse, kind, column.value):
                        order = (Order(column=column.value, descending=word.value == "newest"),)
                        yield _cut(parse, things, order, column.end, limit)


def _recent_events(parse: Parse, begin: _Beginning) -> Iterator[Read[Asked]]:
    """ "The 20 most recent logins": whose they were."""
    if begin.newest_first is not None:
        for noun in parse.phrases(parse.lexicon.time_nouns[Kind.PERSON], begin.end):
            everyone = Read(Selection(kind=Kind.PERSON), noun.end, 0)
            limit = 1 if not begin.typed and _is_one(parse, begin.end, noun.end) else begin.limit
            order = (Order(column=noun.value, descending=begin.newest_first),)
            yield _cut(parse, everyone, order, noun.end, limit)


def _cut(parse: Parse, things: Read[Selection], order: tuple[Order, ...], end: int, limit: int) -> Read[Asked]:
    """The first of them. What has no value to be sorted by does not count among the first."""
    present: list[Condition | None] = [
        negated(Missing(column=key.column))
        for key in order[:1]
        if key.column not in _ALWAYS and _is_moment(parse, things.value.kind, key.column)
    ]
    kind = things.value.kind
    subject = Selection(kind=kind, where=all_of((things.value.where, *present)))
    return Read(Asked(subject=subject, order=order, limit=min(limit, 100_000)), end, things.cost)


def _is_moment(parse: Parse, kind: Kind, column: str) -> bool:
    return column in parse.schema.node(LABELS[kind]).columns and is_time(parse, kind, column)


def _has_created(parse: Parse, kind: Kind) -> bool:
    return "created" in parse.schema.node(LABELS[kind]).columns
