"""What stands after a link: names, kinds of things, numbers of them, nobody, and lists of these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from holdfast.offline.grammar import nouns, peers
from holdfast.offline.grammar.combining import all_of, any_of, is_mixed, negated
from holdfast.offline.grammar.names import PARTLY_COST, thing
from holdfast.offline.grammar.several import several
from holdfast.offline.meaning import Compare, Condition, Linked, Missing, Named, Not, Selection
from holdfast.offline.meaning.links import BETWEEN, LINKS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule


class Bound(NamedTuple):
    """How many."""

    at_least: int
    at_most: int | None


class Related(NamedTuple):
    """Things and the link that leads to them."""

    link: Link
    target: Selection


_SOME: Final = Bound(1, None)
_TWO: Final = 2
# Links to people of whom a department may be spoken as of its people.
_OF_PEOPLE: Final = frozenset({Link.OPENED_BY, Link.HAS_MEMBER, Link.OWNED_BY})
# What may stand before the next name of a row, by the word between them.
_CHAINS: Final = {"and": ("", ",", "and"), "or": ("", ",", "or"), "and_not": ("", ",", "and_not")}
_DENYING: Final = frozenset({"not", "no", "without", "never", "lack", "lacking"})


# The sign-on policy of an application is another kind than that of sessions, by the same name.
_SESSION_POLICY: Final = Compare(column="type", values=("OKTA_SIGN_ON",))
_ACCESS_POLICY: Final = Compare(column="type", values=("ACCESS_POLICY",))


def linked(related: Related, bound: Bound = _SOME) -> Condition:
    """The condition to be linked to so many of these things; "none" is the opposite of "one"."""
    if related.link is Link.GOVERNED_BY and related.target.where == _SESSION_POLICY:
        related = related._replace(target=Selection(kind=Kind.POLICY, where=_ACCESS_POLICY))
    if bound == (0, 0):
        return negated(Linked(link=related.link, target=related.target))
    return Linked(link=related.link, target=related.target, at_least=bound.at_least, at_most=bound.at_most)


@rule
def bound(parse: Parse, at: int) -> Iterator[Read[Bound]]:
    """How many: "more than 50", "at least two", "3 or more", "exactly one"."""
    for word in parse.phrases(parse.lexicon.bounds, at):
        without_number = {"several": Bound(2, None), "single": _single(parse, word.end)}
        if word.value in without_number:
            yield Read(without_number[word.value], word.end)
        for number in _number(parse, word.end):
            n = number.value
            found = {
                "at_least": Bound(n, None),
                "more_than": Bound(n + 1, None),
                "at_most": Bound(0, n),
                "fewer_than": Bound(0, n - 1) if n else None,
                "exactly": Bound(n, n),
            }.get(word.value)
            if found:
                yield Read(found, number.end)
    yield from _between(parse, at)
    for number in _number(parse, at):
        for word in parse.phrases(parse.lexicon.bounds, number.end):
            open_ended = {"or_more": Bound(number.value, None), "or_fewer": Bound(0, number.value)}
            if word.value in open_ended:
                yield Read(open_ended[word.value], word.end)
        for plus in parse.mark("+", number.end):
            yield Read(Bound(number.value, None), plus)
        if parse.tokens[number.end - 1].key not in ("a", "an"):
            yield Read(Bound(number.value, number.value), number.end)
    for no in parse.phrases(parse.lexicon.no, at):
        yield Read(Bound(0, 0), no.end)


def _single(parse: Parse, end: int) -> Bound:
    """ "Not a single group" is none; "a single group" is exactly one."""
    denied = any(token.key in _DENYING for token in parse.tokens[max(0, end - 5) : end])
    return Bound(1, None) if denied else Bound(1, 1)


def or_more(parse: Parse, at: int, bound: Bound) -> list[Read[Bound]]:
    """ "(100 members) or more": what the words after the things make of a plain number before them."""
    if bound.at_least != bound.at_most:
        return []
    bounds = {"or_more": Bound(bound.at_least, None), "or_fewer": Bound(0, bound.at_least)}
    return [Read(bounds[w.value], w.end) for w in parse.phrases(parse.lexicon.bounds, at) if w.value in bounds]


def _between(parse: Parse, at: int) -> Iterator[Read[Bound]]:
    """ "Between 1 and 4"."""
    for begin in parse.mark("between", at):
        for low in _number(parse, begin):
            for joined in parse.mark("and", low.end):
                for high in _number(parse, joined):
                    if low.value <= high.value:
                        yield Read(Bound(low.value, high.value), high.end)


def _number(parse: Parse, at: int) -> Iterator[Read[int]]:
    if at < len(parse.tokens) and not parse.tokens[at].quoted:
        key = parse.tokens[at].key
        if key.isascii() and key.isdigit() and len(key) < 9:
            yield Read(int(key), at + 1)
        elif key in parse.lexicon.numbers:
            yield Read(parse.lexicon.numbers[key], at + 1)
            # "A dozen"
            following = parse.tokens[at + 1].key if at + 1 < len(parse.tokens) else ""
            if key == "a" and parse.lexicon.numbers.get(following, 0) > _TWO:
                yield Read(parse.lexicon.numbers[following], at + 2)


@rule
def objects(parse: Parse, at: int, link: Link) -> Iterator[Read[Condition]]:
    """What a thing is linked to by `link`, as a condition on that thing."""
    yield from _neither(parse, at, link)
    yield from several(parse, at, link)
    both = at < len(parse.tokens) and parse.tokens[at].key == "both"
    if both:
        yield from _both_kinds(parse, at + 1, link)
    else:
        yield from _objects(parse, at, link, ask_back=True)


def _both_kinds(parse: Parse, at: int, link: Link) -> Iterator[Read[Condition]]:
    """ "(Contain both) contractors and interns": some of each."""
    for first in _one_object(parse, at, link):
        for joined in parse.mark("and", first.end):
            for second in _one_object(parse, joined, link):
                every = all_of((first.value, second.value))
                assert every is not None
                yield Read(every, second.end, first.cost + second.cost)


def _neither(parse: Parse, at: int, link: Link) -> Iterator[Read[Condition]]:
    """ "(Can open) neither Box nor Slack"."""
    for begin in parse.mark("neither", at):
        rows = [([first.value], first.end, first.cost) for first in _one_object(parse, begin, link)]
        while rows:
            row, end, cost = rows.pop()
            for nor in parse.mark("nor", end):
                for named in thing(parse, nor, LINKS[link].target):
                    target = Selection(kind=LINKS[link].target, where=named.value)
                    longer = [*row, linked(Related(link, target))]
                    rows.append((longer, named.end, cost + named.cost))
                    yield Read(negated(any_of(longer)), named.end, cost + named.cost)


def _objects(parse: Parse, at: int, link: Link, *, ask_back: bool) -> Iterator[Read[Condition]]:
    for first in _one_object(parse, at, link):
        yield first
        yield from _more_objects(parse, first, link, ask_back=ask_back)


@rule
def _one_object(parse: Parse, at: int, link: Link) -> Iterator[Read[Condition]]:
    target = LINKS[link].target
    for named in thing(parse, at, target):
        yield Read(linked(Related(link, Selection(kind=target, where=named.value))), named.end, named.cost)
    for nobody in parse.phrases(parse.lexicon.nobody, at):
        if nobody.value is target:
            yield Read(linked(Related(link, Selection(kind=target)), Bound(0, 0)), nobody.end)
    for people in _people(parse, at, link):
        yield Read(linked(Related(link, people.value)), people.end, people.cost)
    for things in some_things(parse, at, target):
        yield Read(linked(Related(link, things.value)), things.end, things.cost)
        yield from _of_each_kind(parse, at, link, things)
    for many in bound(parse, at):
        for things in some_things(parse, many.end, target):
            yield Read(linked(Related(link, things.value), many.value), things.end, things.cost)


def _people(parse: Parse, at: int, link: Link) -> Iterator[Read[Selection]]:
    """ "(Used by) the Finance department", "(reporting to) a suspended manager"."""
    for place in peers.of_named_attribute(parse, at) if link in _OF_PEOPLE else ():
        yield Read(Selection(kind=Kind.PERSON, where=place.value), place.end, place.cost)
    for before in nouns.adjectives_before(parse, at, Kind.PERSON) if link is Link.REPORTS_TO else ():
        for outline in parse.phrases(parse.lexicon.outlines, before.end):
            if outline.value is Link.MANAGES:
                yield Read(Selection(kind=Kind.PERSON, where=before.value), outline.end, before.cost)


def _of_each_kind(parse: Parse, at: int, link: Link, things: Read[Selection]) -> Iterator[Read[Condition]]:
    """ "(Groups that contain) contractors and interns": of either, or of each; the asker decides."""
    where = things.value.where
    joined = any(token.key == "and" for token in parse.tokens[at : things.end])
    if joined and isinstance(where, Compare) and len(where.values) == _TWO:
        each = [where.model_copy(update={"values": (value,)}) for value in where.values]
        kind = things.value.kind
        every = all_of([linked(Related(link, Selection(kind=kind, where=one))) for one in each])
        assert every is not None
        yield Read(every, things.end, things.cost)


def some_things(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Selection]]:
    """Things of a kind; in parentheses where what follows them is not about them."""
    yield from nouns.np(parse, at, kind)
    for begin in parse.mark("(", at):
        for things in nouns.np(parse, begin, kind):
            for end in parse.mark(")", things.end):
                yield Read(things.value, end, things.cost)


def _more_objects(parse: Parse, first: Read[Condition], link: Link, *, ask_back: bool) -> Iterator[Read[Condition]]:
    """Further names after the first: "Slack, Zoom and Box", "Slack or Zoom", "Slack but not Zoom"."""
    rows: list[tuple[str, tuple[Condition, ...], int, int]] = [("", (first.value,), first.end, first.cost)]
    while rows:
        word, row, end, cost = rows.pop()
        for joined in parse.phrases(parse.lexicon.connecting, end):
            comma = parse.tokens[joined.end - 1].key == ","
            if joined.value == "and_not" and word == "" and isinstance(first.value, Not):
                # "In no group except Everyone" leaves Everyone out of what is denied, not of the people.
                continue
            if word not in ("", ",", joined.value) and not comma and joined.value != "and_not":
                continue
            if joined.value == "and_not":
                yield from _but_not(parse, Read((word, row), end, cost), joined.end, link)
            for named in (
                _next_name(parse, joined, LINKS[link].target) if word in _CHAINS[joined.value] or comma else ()
            ):
                target = Selection(kind=LINKS[link].target, where=named.value)
                one = linked(Related(link, target))
                longer = (*row, negated(one) if joined.value == "and_not" else one)
                kind = "," if comma else joined.value
                rows.append((kind, longer, named.end, cost + named.cost))
                if kind != ",":
                    for meaning in _list_readings(longer, kind, link, ask_back):
                        yield Read(meaning, named.end, cost + named.cost)


def _but_not(
    parse: Parse, before: Read[tuple[str, tuple[Condition, ...]]], at: int, link: Link
) -> Iterator[Read[Condition]]:
    """ "(Box or Zoom) but not Slack", "(accessible to contractors) but not to employees"."""
    word, row = before.value
    kind = LINKS[link].target
    again = [at + 1] if at < len(parse.tokens) and parse.tokens[at].key in ("to", "in", "of", "into", "by") else []
    for begin in (at, *again):
        # A row of denied names is read with the others; this is one name after "or", or things of a kind.
        others = [Read(n.value, n.end, n.cost) for n in thing(parse, begin, kind)] if word == "or" else []
        selections = [Read(Selection(kind=kind, where=n.value), n.end, n.cost) for n in others]
        selections += [s for s in nouns.np(parse, begin, kind) if s.value.where is not None]
        for left_out in selections:
            every = all_of(
                (any_of(row) if word == "or" else all_of(row), negated(linked(Related(link, left_out.value))))
            )
            assert every is not None
            yield Read(every, left_out.end, before.cost + left_out.cost)


def _next_name(parse: Parse, joined: Read[str], kind: Kind) -> Iterator[Read[Named]]:
    """A further name, maybe after the preposition again: "to Box but not to NetSuite"."""
    at = joined.end
    yield from thing(parse, at, kind)
    again = ("to", "in", "of", "into") if joined.value == "and_not" else ("to", "into")
    if at < len(parse.tokens) and parse.tokens[at].key in again:
        yield from thing(parse, at + 1, kind)


def _list_readings(row: tuple[Condition, ...], kind: str, link: Link, ask_back: bool) -> Iterator[Condition]:
    if kind == "or":
        yield any_of(row)
        return
    every = all_of(row)
    assert every is not None
    yield every
    # "Members of A and B": of both, or of either? Access to A and B is access to both.
    if kind == "and" and ask_back and link not in (Link.CAN_OPEN, Link.GIVES):
        yield any_of(row)


@rule
def related(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Related]]:
    """Things that hang on one of that kind, and how: "members" of a group, "direct reports" of a person."""
    for (source, target), link in BETWEEN.items():
        if source is kind:
            for things in nouns.np(parse, at, target):
                yield Read(Related(link, things.value), things.end, things.cost)
    for start in nouns.adjectives_before(parse, at, Kind.PERSON):
        for outline in parse.phrases(parse.lexicon.outlines, start.end):
            ends = LINKS[outline.value]
            if ends.target is kind and ends.source is Kind.PERSON:
                people = Selection(kind=Kind.PERSON, where=start.value)
                yield Read(Related(ends.inverse, people), outline.end, start.cost)


@rule
def having(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """With or without things of another kind: "with no groups", "have more than 3 apps", "without a manager"."""
    yield from _sized(parse, at, kind)
    for word in parse.phrases(parse.lexicon.having, at):
        if word.value == "with":
            yield from _with(parse, word.end, kind)
            yield from _application(parse, word.end, kind)
            for no in parse.phrases(parse.lexicon.no, word.end):
                yield from _not_had(parse, no.end, kind)
        elif word.value == "without":
            # "Without a single user"
            singles = [many.end for many in bound(parse, word.end) if many.value == _SOME]
            for things in [t for begin in (word.end, *singles) for t in related(parse, begin, kind)]:
                yield from _and_assigned(parse, Read(_none(things.value), things.end, things.cost))
            yield from _not_had(parse, word.end, kind)


def _sized(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "(Groups) bigger than 50 members", "of more than fifty people"."""
    counted = {Kind.GROUP: Link.HAS_MEMBER, Kind.APPLICATION: Link.OPENED_BY}.get(kind)
    if counted is None:
        return
    for word in parse.phrases(parse.lexicon.bounds, at):
        for number in _number(parse, word.end) if word.value in ("larger_than", "smaller_than") else ():
            n = number.value
            size = Bound(n + 1, None) if word.value == "larger_than" else Bound(0, max(n - 1, 0))
            related_things = related(parse, number.end, kind)
            for things in related_things:
                yield Read(linked(things.value, size), things.end, things.cost)
            yield Read(linked(Related(counted, Selection(kind=Kind.PERSON)), size), number.end, 1)
    for of in parse.mark("of", at):
        for many in bound(parse, of):
            for things in related(parse, many.end, kind):
                yield Read(linked(things.value, many.value), things.end, things.cost)


def _not_had(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "(Without) Salesforce", "(with no) access to Box or Slack"."""
    for app in _application(parse, at, kind):
        if not is_mixed(app.value):
            yield Read(negated(app.value), app.end, app.cost)


def _with(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    for things in related(parse, at, kind):
        yield from _and_assigned(parse, Read(linked(things.value), things.end, things.cost))
    for many in bound(parse, at):
        for things in related(parse, many.end, kind):
            found = _none(things.value) if many.value == (0, 0) else linked(things.value, many.value)
            yield from _and_assigned(parse, Read(found, things.end, things.cost))
            for more in or_more(parse, things.end, many.value):
                yield Read(linked(things.value, more.value), more.end, things.cost)
    for nobody in parse.phrases(parse.lexicon.nobody, at):
        if link := BETWEEN.get((kind, nobody.value)):
            none = linked(Related(link, Selection(kind=nobody.value)), Bound(0, 0))
            yield from _and_assigned(parse, Read(none, nobody.end))


@rule
def _application(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "(With) Salesforce", "(with) Salesforce access", "(with no) access to Salesforce"."""
    for noun in parse.phrases(parse.lexicon.links[kind], at):
        if parse.tokens[noun.end - 1].key == "to" and noun.value in (Link.CAN_OPEN, Link.GIVES):
            yield from objects(parse, noun.end, noun.value)
    if kind is Kind.PERSON:
        # "With both Box and Zoom", "with neither Box nor Zoom"
        yield from several(parse, at, Link.CAN_OPEN)
        yield from _neither(parse, at, Link.CAN_OPEN)
    for named in thing(parse, at, Kind.APPLICATION):
        if kind is Kind.PERSON and named.cost < PARTLY_COST:
            target = Selection(kind=Kind.APPLICATION, where=named.value)
            first: Read[Condition] = Read(linked(Related(Link.CAN_OPEN, target)), named.end, named.cost + 1)
            yield first
            yield from _more_objects(parse, first, Link.CAN_OPEN, ask_back=False)
        if kind is Kind.GROUP and named.cost < PARTLY_COST:
            # "Groups with Box"
            target = Selection(kind=Kind.APPLICATION, where=named.value)
            yield Read(linked(Related(Link.GIVES, target)), named.end, named.cost + 1)
        for suffix in parse.phrases(parse.lexicon.suffixes, named.end):
            if LINKS[suffix.value].source is kind:
                target = Selection(kind=Kind.APPLICATION, where=named.value)
                yield Read(linked(Related(suffix.value, target)), suffix.end, named.cost)


def _none(things: Related) -> Condition:
    # A profile can name a manager who is not in the tenant: that is not "no manager".
    if things.link is Link.REPORTS_TO and things.target.where is None:
        return Missing(column="manager_id")
    return linked(things, Bound(0, 0))


def _and_assigned(parse: Parse, read: Read[Condition]) -> Iterator[Read[Condition]]:
    """Words after the things that say no more: "with nobody assigned"."""
    yield read
    for word in parse.phrases(parse.lexicon.having, read.end):
        if word.value == "assigned":
            yield Read(read.value, word.end, read.cost)
