"""What somebody has: "with SMS but no WebAuthn", "only SMS as a second factor", "enrolled since May".

Also of what could not be read: "whose factors are unknown".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import clauses, nouns, objects
from holdfast.offline.grammar.combining import all_of, negated
from holdfast.offline.grammar.names import tenant_value, thing
from holdfast.offline.grammar.windows import window
from holdfast.offline.meaning import Compare, Condition, Linked, Only, Selection, Within
from holdfast.offline.meaning.links import BETWEEN, LINKS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

# What a person has at the same time, so that "and" asks for both.
_HAD_TOGETHER: Final = (Kind.FACTOR, Kind.DEVICE, Kind.ROLE)


@rule
def owning(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """A clause about what things of that kind have."""
    if kind is Kind.PERSON:
        yield from _had_together(parse, at)
        yield from _enrolled_then(parse, at)
        yield from _whose(parse, at)
    if kind is Kind.FACTOR or kind is Kind.DEVICE:
        yield from _of_a_department(parse, at, kind)
    yield from _only(parse, at, kind)
    yield from _whose_only(parse, at, kind)
    yield from _unread(parse, at, kind)


def _had_together(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "With SMS and push", "with a Mac but no phone", "with no SMS but WebAuthn"."""
    rows: list[tuple[tuple[Condition, ...], int, int]] = []
    begins = [having.end for having in parse.phrases(parse.lexicon.having, at) if having.value == "with"]
    verbs = parse.phrases(parse.lexicon.links[Kind.PERSON], at)
    begins += [verb.end for verb in verbs if LINKS[verb.value].target in _HAD_TOGETHER]
    for begin in dict.fromkeys([*begins, *(after for had in begins for after in parse.mark("both", had))]):
        rows += [((one.value,), one.end, one.cost) for one in _one_had(parse, begin, denied=False)]
    while rows:
        row, end, cost = rows.pop()
        for joined in parse.phrases(parse.lexicon.connecting, end):
            if joined.value == "or":
                continue
            for one in _one_had(parse, joined.end, denied=joined.value == "and_not"):
                longer = (*row, one.value)
                rows.append((longer, one.end, cost + one.cost))
                both = all_of(longer)
                if both is not None:
                    yield Read(both, one.end, cost + one.cost)


@rule
def _one_had(parse: Parse, at: int, denied: bool) -> Iterator[Read[Condition]]:
    begins = [(at, denied), *((end, denied) for end in parse.mark("in", at))]
    for table in (parse.lexicon.no, parse.lexicon.negation):
        begins += [(no.end, True) for no in parse.phrases(table, at)]
    begins += [(having.end, having.value == "without") for having in parse.phrases(parse.lexicon.having, at)]
    for begin, none in begins:
        for kind in _HAD_TOGETHER:
            for things in nouns.np(parse, begin, kind):
                had = Linked(link=BETWEEN[(Kind.PERSON, kind)], target=things.value)
                yield Read(negated(had) if none else had, things.end, things.cost)


def _enrolled_then(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Who enrolled WebAuthn in the last 30 days", "with a factor added since May"."""
    for verb in parse.phrases(parse.lexicon.links[Kind.PERSON], at):
        for factors in nouns.np(parse, verb.end, Kind.FACTOR) if verb.value is Link.ENROLLED else ():
            for span in window(parse, factors.end):
                then = Within(column="created", start=span.value.start, end=span.value.end)
                target = Selection(kind=Kind.FACTOR, where=all_of((factors.value.where, then)))
                yield Read(Linked(link=Link.ENROLLED, target=target), span.end, factors.cost + span.cost)


def _whose(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Whose device is suspended"."""
    for whose in parse.phrases(parse.lexicon.comparing, at):
        for noun in parse.phrases(parse.lexicon.nouns, whose.end) if _key(parse, at) == "whose" else ():
            if noun.value is Kind.FACTOR or noun.value is Kind.DEVICE:
                for said in clauses.clause(parse, noun.end, noun.value):
                    target = Selection(kind=noun.value, where=said.value)
                    had = Linked(link=BETWEEN[(Kind.PERSON, noun.value)], target=target)
                    yield Read(had, said.end, said.cost)


def _of_a_department(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "(Devices) of the Sales department", "(factors) in Finance": those of its people."""
    for word in ("of", "in", "from", "at"):
        for begin in parse.mark(word, at):
            for value in tenant_value(parse, begin):
                people = Selection(kind=Kind.PERSON, where=value.value)
                # "Who uses an iPhone in Support": the person is in it, before the iPhone.
                cost = value.cost + (0 if word == "of" else 2)
                yield Read(Linked(link=BETWEEN[(kind, Kind.PERSON)], target=people), value.end, cost)


def _key(parse: Parse, at: int) -> str:
    return parse.tokens[at].key if at < len(parse.tokens) else ""


def _only(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "With only SMS", "with SMS only", "who can open only Slack", "only in Sales"."""
    for having in parse.phrases(parse.lexicon.having, at):
        if having.value == "with":
            for word in _only_word(parse, having.end):
                for had in _had(parse, word, kind):
                    yield from _besides(parse, had)
            for had in _had(parse, having.end, kind):
                for after in parse.phrases(parse.lexicon.only_after, had.end):
                    yield _alone(had, after.end, second=after.value == "second")
    yield from _only_has(parse, at, kind)
    for begin in (at, *_only_word(parse, at)):
        for verb in parse.phrases(parse.lexicon.links[kind], begin):
            for word in _only_word(parse, verb.end) if begin == at else [verb.end]:
                for linked in _linked_to(parse, word, verb.value):
                    yield from _besides(parse, linked)


def _only_has(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "(Who) only has SMS"."""
    for word in _only_word(parse, at):
        for having in parse.phrases(parse.lexicon.having, word):
            for had in _had(parse, having.end, kind) if having.value == "with" else ():
                yield from _besides(parse, had)


def _only_word(parse: Parse, at: int) -> list[int]:
    return [word.end for word in parse.phrases(parse.lexicon.only, at)]


def _had(parse: Parse, at: int, kind: Kind) -> Iterator[Read[objects.Related]]:
    """Things with a name of their own: "only factors" would be all there is."""
    for things in objects.related(parse, at, kind):
        if things.value.target.where is not None and not _joins_kinds(parse, at, things.end, things.value.target):
            yield things


def _joins_kinds(parse: Parse, at: int, end: int, target: Selection) -> bool:
    """ "Only push and WebAuthn" may be both of them or either; "or" says which."""
    several = isinstance(target.where, Compare) and len(target.where.values) > 1
    return several and any(token.key == "and" for token in parse.tokens[at:end])


def _linked_to(parse: Parse, at: int, link: Link) -> Iterator[Read[objects.Related]]:
    kind = LINKS[link].target
    for named in thing(parse, at, kind):
        yield Read(objects.Related(link, Selection(kind=kind, where=named.value)), named.end, named.cost)
    for things in objects.some_things(parse, at, kind):
        if things.value.where is not None and not _joins_kinds(parse, at, things.end, things.value):
            yield Read(objects.Related(link, things.value), things.end, things.cost)


def _besides(parse: Parse, things: Read[objects.Related]) -> Iterator[Read[Condition]]:
    """ "(Only SMS) as a second factor": e-mail is none; "besides …" names others that do not count."""
    if things.value.link in (Link.OPENS_DIRECTLY, Link.OPENS_THROUGH_GROUP):
        # "Only direct access to Box" is said of the way, not of what else they can open.
        return
    yield _alone(things, things.end, second=False)
    for named in parse.phrases(parse.lexicon.as_factor, things.end):
        yield _alone(things, named.end, second=named.value == "second")
    for begin in parse.mark("besides", things.end):
        for others in objects.some_things(parse, begin, things.value.target.kind):
            only = Only(link=things.value.link, target=things.value.target, besides=others.value)
            yield Read(only, others.end, things.cost + others.cost)


def _alone(things: Read[objects.Related], end: int, *, second: bool) -> Read[Condition]:
    besides = NO_SECOND_FACTOR if second and things.value.link is Link.ENROLLED else None
    return Read(Only(link=things.value.link, target=things.value.target, besides=besides), end, things.cost)


# Okta enrols everybody's e-mail by itself; it is no factor of a second kind.
NO_SECOND_FACTOR: Final = Selection(kind=Kind.FACTOR, where=Compare(column="factor_type", values=("email",)))


def _whose_only(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "Whose only factor is SMS", "whose only second factor is SMS"."""
    for whose in parse.phrases(parse.lexicon.comparing, at):
        if whose.value != "whose":
            continue
        for word in _only_word(parse, whose.end):
            for noun in parse.phrases(parse.lexicon.nouns, word):
                link = BETWEEN.get((kind, noun.value))
                for verb in parse.phrases(parse.lexicon.auxiliaries, noun.end) if link else ():
                    for things in nouns.np(parse, verb.end, noun.value):
                        joined = _joins_kinds(parse, verb.end, things.end, things.value)
                        if link and things.value.where is not None and not joined:
                            had = Read(objects.Related(link, things.value), things.end, things.cost)
                            yield _alone(had, things.end, second=parse.tokens[word].key == "second")


def _unread(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "Whose factors are unknown", "whose members could not be read"."""
    for whose in parse.phrases(parse.lexicon.comparing, at):
        for what in parse.phrases(parse.lexicon.markers[kind], whose.end) if whose.value == "whose" else ():
            for word in parse.phrases(parse.lexicon.unread, what.end):
                yield Read(Compare(column=what.value, values=(word.value == "known",)), word.end)
