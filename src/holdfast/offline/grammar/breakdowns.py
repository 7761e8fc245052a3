"""How many by attributes, what part of them, and which department has the most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import clauses, nouns, objects
from holdfast.offline.grammar.combining import all_of
from holdfast.offline.grammar.figuring import Order, ends, figuring, groups, number, order, some
from holdfast.offline.grammar.names import tenant_value
from holdfast.offline.meaning import AllOf, Asked, Breakdown, Condition, Linked, Selection
from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

# A verb that begins what is said of the things before it: "users in Sales | have WebAuthn".
_FINITE: Final = frozenset(
    {
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "do",
        "does",
        "did",
        "can",
        "could",
        "never",
        "belong",
        "belongs",
    }
    | {"report", "reports", "hold", "holds", "own", "owns", "use", "uses", "signed", "logged", "lack", "manage", "work"}
)
# "The five largest departments" are so by their people; "the five best" are not.
_SIZES: Final = frozenset({"largest", "biggest", "smallest"})
_PARTICIPLES: Final = frozenset({"having", "being"})


@rule
def breakdowns(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """A question for numbers of things by attributes, in each of its forms."""
    for read in (*_by_several(parse, at), *_of_them(parse, at), *_parts(parse, at), *_in_order(parse, at)):
        yield asked(read)
    for read in (*_best(parse, at), *_bounded(parse, at)):
        yield asked(read)


def asked(read: Read[Breakdown]) -> Read[Asked]:
    """The whole question."""
    return Read(Asked(subject=read.value.subject, numbers=read.value), read.end, read.cost)


def _by_several(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "People by department and status", "how many users are there per city and type"."""
    for things in _counted(parse, at):
        for how in order(parse, things.end, things.value.kind):
            if len(how.value.by) > 1 and not how.value.percent:
                lowest = bool(how.value.lowest_first)
                meaning = Breakdown(subject=things.value, by=how.value.by, lowest_first=lowest)
                yield Read(meaning, how.end, things.cost)


@rule
def _counted(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "How many users are", "number of (active people)", "users"."""
    words = [*parse.phrases(parse.lexicon.counting, at), *parse.phrases(parse.lexicon.breakdown, at)]
    for begin in dict.fromkeys([at, *(word.end for word in words)]):
        for kind in Kind:
            for things in some(parse, begin, kind):
                yield things
                for verb in parse.phrases(parse.lexicon.yes_no, things.end):
                    yield Read(things.value, verb.end, things.cost)
    for word in parse.phrases(parse.lexicon.headcount, at):
        yield Read(Selection(kind=Kind.PERSON), word.end)


def _of_them(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "How many users are in each status, and how many of them are contractors"."""
    for things in _counted(parse, at):
        kind = things.value.kind
        for how in order(parse, things.end, kind):
            for word in _of_them_words(parse, how.end):
                percent = word.value == "percent_of_them"
                for said in clauses.conditions(parse, word.end, kind):
                    for last in order(parse, said.end, kind):
                        if last.value.by or how.value.percent or last.value.percent:
                            continue
                        meaning = Breakdown(
                            subject=things.value,
                            by=how.value.by,
                            matching=said.value,
                            percent=percent,
                            lowest_first=bool(how.value.lowest_first or last.value.lowest_first),
                        )
                        yield Read(meaning, last.end, things.cost + said.cost)


def _of_them_words(parse: Parse, at: int) -> list[Read[str]]:
    commas = [at, *parse.mark(",", at)]
    begins = [*commas, *(r.end for c in commas for r in parse.phrases(parse.lexicon.also, c))]
    return [word for begin in dict.fromkeys(begins) for word in figuring(parse, begin, "of_them", "percent_of_them")]


def _parts(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "What percentage of users have WebAuthn", "MFA coverage by department, worst first"."""
    for part in part_of(parse, at):
        kind = part.value.subject.kind
        for how in order(parse, part.end, kind):
            if not (how.value.by and part.value.by):
                yield _ordered(part, how)
    yield from _with_percent(parse, at)


def _ordered(part: Read[Breakdown], how: Read[Order]) -> Read[Breakdown]:
    lowest = part.value.lowest_first if how.value.lowest_first is None else how.value.lowest_first
    by = part.value.by or how.value.by
    # A percentage of one thing has no order.
    meaning = part.value.model_copy(update={"by": by, "lowest_first": lowest and bool(by)})
    return Read(meaning, how.end, part.cost)


def _with_percent(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "Users by department in percent", "contractors as a percentage of all people by department"."""
    for kind in Kind:
        for things in some(parse, at, kind):
            for how in order(parse, things.end, kind):
                if how.value.percent and how.value.by:
                    lowest = bool(how.value.lowest_first)
                    yield Read(
                        Breakdown(subject=things.value, by=how.value.by, percent=True, lowest_first=lowest), how.end
                    )
            for of in ends(parse, things.end, "as_percent_of") if things.value.where else ():
                for everything in some(parse, of, kind):
                    meaning = Breakdown(subject=everything.value, matching=things.value.where, percent=True)
                    for how in order(parse, everything.end, kind):
                        if not how.value.percent:
                            yield _ordered(Read(meaning, everything.end, things.cost + everything.cost), how)


@rule
def part_of(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """What part of which things: the things, and what is said of them."""
    for of in ends(parse, at, "percentage"):
        yield from _of_things(parse, of)
    yield from _coverage(parse, at)


def _of_things(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    for kind in Kind:
        for whole in parse.phrases(parse.lexicon.whole, at) if kind is Kind.PERSON else ():
            for by in groups(parse, whole.end, kind):
                # "What percentage of each department has WebAuthn"
                for said in _said(parse, by.end, kind):
                    meaning = Breakdown(subject=Selection(kind=kind), by=(by.value,), matching=said.value, percent=True)
                    yield Read(meaning, said.end, said.cost)
        for things in _whole(parse, at, kind):
            for said in _said(parse, things.end, kind):
                meaning = Breakdown(subject=things.value, matching=said.value, percent=True)
                yield Read(meaning, said.end, things.cost + said.cost)
        for things in some(parse, at, kind):
            yield from _alone(parse, things)
            for how in order(parse, things.end, kind):
                # "What percentage of users per city is active"
                for said in _said(parse, how.end, kind) if how.value.by and not how.value.percent else ():
                    apart = Breakdown(subject=things.value, by=how.value.by, matching=said.value, percent=True)
                    yield Read(apart, said.end, things.cost + said.cost)


def _whole(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Selection]]:
    """The things that a part is taken of."""
    yield from some(parse, at, kind)
    for value in tenant_value(parse, at) if kind is Kind.PERSON else ():
        # "The Sales department", without a word for people
        yield Read(Selection(kind=kind, where=value.value), value.end, value.cost + 1)


@rule
def _said(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """What is said of them; without a verb it is less plain where the things end."""
    if at >= len(parse.tokens) or parse.tokens[at].key in _PARTICIPLES:
        return
    whom = ends(parse, at, "of_whom")
    cost = 0 if parse.tokens[at].key in _FINITE else 1
    for begin in (at, *whom):
        for said in clauses.conditions(parse, begin, kind):
            yield Read(said.value, said.end, said.cost + (0 if begin > at else cost))


def _alone(parse: Parse, things: Read[Selection]) -> Iterator[Read[Breakdown]]:
    """ "The share of contractors": of all people. "Percentage of users by department": each department's part."""
    everything = Selection(kind=things.value.kind)
    if things.value.where is not None and parse.tokens[things.end - 1].key != ")":
        meaning = Breakdown(subject=everything, matching=things.value.where, percent=True)
        # Less plain than a part of the things before what is said of them.
        yield Read(meaning, things.end, things.cost + 2)
        if isinstance(things.value.where, AllOf):
            # "The percentage of active contractors" may be of all people, or of the contractors.
            first, *others = things.value.where.conditions
            whole = Selection(kind=things.value.kind, where=all_of(others))
            meaning = Breakdown(subject=whole, matching=first, percent=True)
            yield Read(meaning, things.end, things.cost + 2)
    begins = [things.end, *(r.end for r in parse.phrases(parse.lexicon.yes_no, things.end))]
    for how in (read for begin in dict.fromkeys(begins) for read in order(parse, begin, things.value.kind)):
        plain = things.value.where is None or parse.tokens[things.end - 1].key == ")"
        if plain and how.value.by and not how.value.percent:
            yield _ordered(Read(Breakdown(subject=things.value, percent=True), how.end, things.cost), how)


def _coverage(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "MFA coverage", "WebAuthn adoption among contractors", "coverage of phishing-resistant factors"."""
    for factor in _factors(parse, at):
        for end in ends(parse, factor.end, "coverage"):
            yield from _covered(parse, Read(factor.value, end, factor.cost))
    for begin in ends(parse, at, "coverage_of"):
        for factor in _factors(parse, begin):
            yield from _covered(parse, factor)


def _factors(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    yield from nouns.np(parse, at, Kind.FACTOR)
    for word in nouns.adjectives(parse, at, Kind.FACTOR, True):
        yield Read(Selection(kind=Kind.FACTOR, where=word.value), word.end, word.cost)


def _covered(parse: Parse, factor: Read[Selection]) -> Iterator[Read[Breakdown]]:
    enrolled = Linked(link=Link.ENROLLED, target=factor.value)
    whole = Selection(kind=Kind.PERSON)
    found = [Read(whole, factor.end)]
    for begin in (factor.end, *ends(parse, factor.end, "among")):
        found += list(_whole(parse, begin, Kind.PERSON)) if begin > factor.end else []
    for said in clauses.conditions(parse, factor.end, Kind.PERSON):
        # "MFA coverage in the Sales department"
        found.append(Read(Selection(kind=Kind.PERSON, where=said.value), said.end, said.cost))
    for people in found:
        meaning = Breakdown(subject=people.value, matching=enrolled, percent=True, lowest_first=True)
        yield Read(meaning, people.end, factor.cost + people.cost)


def _in_order(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "Top 5 departments by people", "the 3 largest cities", "worst 3 departments by MFA coverage"."""
    for lowest, many, begin in _superlatives(parse, at):
        for by in groups(parse, begin, Kind.PERSON):
            for measure in _measured(parse, by.end):
                yield _limited(measure, by.value, lowest=lowest, limit=many)
            if parse.tokens[begin - 1].key in _SIZES:
                measure = Read(Breakdown(subject=Selection(kind=Kind.PERSON)), by.end)
                yield _limited(measure, by.value, lowest=lowest, limit=many)


def _superlatives(parse: Parse, at: int) -> Iterator[tuple[bool, int | None, int]]:
    """ "Top 5", "5", "the worst 3", "the 3 largest", "largest": lowest first, how many, where the attribute begins."""
    for word in parse.phrases(parse.lexicon.ranking, at):
        if word.value in ("top", "bottom"):
            for many in number(parse, word.end):
                yield word.value == "bottom", many.value, many.end
    for word in figuring(parse, at, "lowest", "highest"):
        for many in number(parse, word.end):
            yield word.value == "lowest", many.value, many.end
    for many in number(parse, at):
        yield False, many.value, many.end
        for word in figuring(parse, many.end, "lowest", "highest"):
            yield word.value == "lowest", many.value, word.end


def _measured(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "By people", "by number of contractors", "by share of contractors", "with the most people"."""
    for word in parse.phrases(parse.lexicon.ranking, at):
        if word.value == "by":
            yield from _of_what(parse, word.end)
        if word.value == "size":
            yield Read(Breakdown(subject=Selection(kind=Kind.PERSON)), word.end)
    for have in parse.phrases(parse.lexicon.having, at):
        if have.value == "with":
            yield from _extreme(parse, have.end)


def _of_what(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    begins = [at, *(r.end for r in parse.phrases(parse.lexicon.counting, at)), *ends(parse, at, "number_of")]
    for begin in dict.fromkeys(begins):
        for people in _people(parse, begin):
            yield Read(Breakdown(subject=people.value), people.end, people.cost)
    for part in part_of(parse, at):
        if not part.value.by:
            yield part._replace(value=part.value.model_copy(update={"lowest_first": False}))


@rule
def _people(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    yield from some(parse, at, Kind.PERSON)
    for word in parse.phrases(parse.lexicon.headcount, at):
        yield Read(Selection(kind=Kind.PERSON), word.end)
    for outline in parse.phrases(parse.lexicon.outlines, at):
        # "Members" of a department are its people.
        if outline.value is Link.MEMBER_OF:
            yield Read(Selection(kind=Kind.PERSON), outline.end)


def _extreme(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "The most people", "the lowest MFA coverage", "the highest share of contractors"."""
    for word in parse.phrases(parse.lexicon.ranking, at):
        if word.value in ("most", "fewest"):
            for people in _people(parse, word.end):
                yield _counting(people, lowest=word.value == "fewest")
    for word in figuring(parse, at, "lowest", "highest"):
        lowest = word.value == "lowest"
        for what in _of_what(parse, word.end):
            if what.value.matching is None:
                yield _counting(Read(what.value.subject, what.end, what.cost), lowest=lowest)
            else:
                yield what._replace(value=what.value.model_copy(update={"lowest_first": lowest}))


def _counting(people: Read[Selection], *, lowest: bool) -> Read[Breakdown]:
    """How many of them there are; where few are asked for, those with none count too."""
    kind, where = people.value.kind, people.value.where
    meaning = Breakdown(subject=people.value)
    if lowest and where is not None:
        meaning = Breakdown(subject=Selection(kind=kind), matching=where)
    return Read(meaning.model_copy(update={"lowest_first": lowest}), people.end, people.cost)


def _limited(measure: Read[Breakdown], by: str, *, lowest: bool, limit: int | None) -> Read[Breakdown]:
    meaning = measure.value
    if lowest and meaning.matching is None and meaning.subject.where is not None:
        meaning = _counting(Read(meaning.subject, measure.end), lowest=True).value
    lowest = lowest or meaning.lowest_first
    ties = limit is None
    return measure._replace(
        value=meaning.model_copy(update={"by": (by,), "limit": limit, "ties": ties, "lowest_first": lowest})
    )


def _best(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "Which department has the most people", "the department with the lowest MFA coverage", "the largest city"."""
    for by in groups(parse, at, Kind.PERSON):
        for have in _having(parse, by.end):
            for measure in _extreme(parse, have.end) if have.value == "with" else ():
                yield _limited(measure, by.value, lowest=False, limit=None)
    for word in figuring(parse, at, "lowest", "highest"):
        for by in groups(parse, word.end, Kind.PERSON):
            if parse.tokens[word.end - 1].key in _SIZES:
                measure = Read(Breakdown(subject=Selection(kind=Kind.PERSON)), by.end)
                yield _limited(measure, by.value, lowest=word.value == "lowest", limit=None)


def _having(parse: Parse, at: int) -> list[Read[str]]:
    """ "With", "that have", "without"."""
    begins = [at, *(r.end for r in parse.phrases(parse.lexicon.who, at))]
    return [have for begin in begins for have in parse.phrases(parse.lexicon.having, begin)]


def _bounded(parse: Parse, at: int) -> Iterator[Read[Breakdown]]:
    """ "Departments with more than 50 people", "cities with fewer than 10 contractors"."""
    for by in groups(parse, at, Kind.PERSON):
        for have in _having(parse, by.end):
            bounds = objects.bound(parse, have.end) if have.value == "with" else [Read(objects.Bound(0, 0), have.end)]
            for many in bounds:
                for people in _people(parse, many.end):
                    yield _between(people, by.value, many.value)
                    for more in objects.or_more(parse, people.end, many.value):
                        yield _between(people._replace(end=more.end), by.value, more.value)


def _between(people: Read[Selection], by: str, bound: objects.Bound) -> Read[Breakdown]:
    # Where few or none are enough, a department without any is one of them.
    meaning = _counting(people, lowest=bound.at_least == 0).value
    low, high = (bound.at_least or None), bound.at_most
    update = {"by": (by,), "at_least": low, "at_most": high, "lowest_first": False}
    return Read(meaning.model_copy(update=update), people.end, people.cost)
