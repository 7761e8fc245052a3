"""How many: in all, by an attribute, for each thing; and who has the most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar import clauses, nouns, objects, questions
from holdfast.offline.grammar.combining import all_of
from holdfast.offline.grammar.names import attribute_names, is_time, tenant_value, thing
from holdfast.offline.meaning import Asked, Condition, Counted, Linked, Named, Selection
from holdfast.offline.meaning.links import BETWEEN, LINKS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

# So many are shown where "the largest groups" names no number.
DEFAULT_LIMIT = 10
# Attributes that tell things apart: by these things are sorted, not counted.
TELLING_APART: Final = frozenset({"display_name", "login", "email", "name", "label", "last_name", "first_name"})
_SINGULAR: Final = frozenset(
    {
        "user",
        "person",
        "account",
        "employee",
        "contractor",
        "intern",
        "colleague",
        "worker",
        "manager",
        "admin",
        "member",
    }
    | {"group", "app", "application", "integration", "device", "policy", "zone", "role", "administrator", "identity"}
)
_PAIRS: Final = frozenset({"membership", "memberships", "assignment", "assignments"})
_ONE_PERSON: Final = frozenset({"manager", "who", "whoever", "somebody", "someone"})


@rule
def counts(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "How many users are locked out", "number of people per department", "users by status"."""
    begins = [(r.end, True) for r in parse.phrases(parse.lexicon.counting, at)]
    # "A breakdown of users": by what, follows.
    begins += [(r.end, False) for r in parse.phrases(parse.lexicon.breakdown, at)]
    for begin, counted in [*begins, (at, False)]:
        for things in _counted(parse, begin):
            pairs = _are_pairs(parse, begin, things)
            for end in (things.end, *_count_word(parse, things.end)):
                if (counted or end > things.end) and not pairs:
                    # "With no phone number": the last word may belong to what is said of the things.
                    unlikely = int(end > things.end and not counted and things.value.where is not None)
                    yield Read(Asked(mode="count", subject=things.value), end, things.cost + unlikely)
                each = _each(parse, things.value, end, things.cost)
                yield from (read for read in each if not pairs or read.value.mode == "rank")
            if counted:
                yield from _has_each(parse, things)
        yield from _outlines_of_each(parse, begin)
        if counted and parse.tokens[begin - 1].key == "many":
            # "How many can open Slack": people.
            for said in clauses.conditions(parse, begin, Kind.PERSON):
                people = Selection(kind=Kind.PERSON, where=said.value)
                yield Read(Asked(mode="count", subject=people), said.end, said.cost + 1)
    for word in parse.phrases(parse.lexicon.headcount, at):
        yield Read(Asked(mode="count", subject=Selection(kind=Kind.PERSON)), word.end)
        yield from _each(parse, Selection(kind=Kind.PERSON), word.end, 0)
    yield from _size_of_group(parse, at)


def _are_pairs(parse: Parse, at: int, things: Read[Selection]) -> bool:
    """Whether "memberships", "assignments" are to be counted: as many as groups only where they are one person's."""
    of_pairs = _PAIRS & {token.key for token in parse.tokens[at : things.end]}
    if things.value.kind not in (Kind.GROUP, Kind.APPLICATION) or not of_pairs:
        return False
    match things.value.where:
        case Linked(link=Link.HAS_MEMBER | Link.OPENED_BY, target=Selection(where=Named(ids=ids))):
            return len(ids) > 1
        case _:
            return True


def _size_of_group(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "The size of Eng-Web", "how big is the Sales group", "the size of each group"."""
    for size in parse.phrases(parse.lexicon.size_of, at):
        for group in thing(parse, size.end, Kind.GROUP):
            member = Linked(link=Link.MEMBER_OF, target=Selection(kind=Kind.GROUP, where=group.value))
            people = Selection(kind=Kind.PERSON, where=member)
            yield Read(Asked(mode="count", subject=people), group.end, group.cost)
        for team in nouns.np(parse, size.end, Kind.PERSON):
            if team.value.where is not None:
                yield Read(Asked(mode="count", subject=team.value), team.end, team.cost)
        for whole in parse.phrases(parse.lexicon.whole, size.end):
            for groups in nouns.np(parse, whole.end, Kind.GROUP):
                counted = Counted(link=Link.HAS_MEMBER, target=Selection(kind=Kind.PERSON))
                yield Read(Asked(mode="rank", subject=groups.value, counted=counted), groups.end, groups.cost)


@rule
def _counted(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    for kind in Kind:
        yield from nouns.np(parse, at, kind, True)
    yield from questions.inverted(parse, at)
    yield from _of_place(parse, at)
    for start in nouns.adjectives_before(parse, at, Kind.PERSON):
        for outline in parse.phrases(parse.lexicon.outlines, start.end):
            # "How many members does Finance have"
            yield from _outline_of_subject(parse, outline, start.value)


def _of_place(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "(How many) contractors does the Sales department have"."""
    for people in nouns.np(parse, at, Kind.PERSON):
        for auxiliary in parse.phrases(parse.lexicon.yes_no, people.end):
            for value in tenant_value(parse, auxiliary.end):
                for have in parse.phrases(parse.lexicon.having, value.end):
                    if have.value == "with":
                        where = all_of((people.value.where, value.value))
                        cost = people.cost + value.cost
                        yield Read(Selection(kind=Kind.PERSON, where=where), have.end, cost)


def _outline_of_subject(parse: Parse, outline: Read[Link], before: Condition | None) -> Iterator[Read[Selection]]:
    ends = LINKS[outline.value]
    if ends.source is not Kind.PERSON:
        return
    for auxiliary in parse.phrases(parse.lexicon.yes_no, outline.end):
        for owner in questions.subject(parse, auxiliary.end):
            for have in parse.phrases(parse.lexicon.having, owner.end):
                if owner.value.kind is ends.target and have.value == "with":
                    where = all_of((before, Linked(link=outline.value, target=owner.value)))
                    yield Read(Selection(kind=Kind.PERSON, where=where), have.end, owner.cost)


def _outlines_of_each(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "Members per group", "how many direct reports does each manager have"."""
    for start in nouns.adjectives_before(parse, at, Kind.PERSON):
        for outline in parse.phrases(parse.lexicon.outlines, start.end):
            ends = LINKS[outline.value]
            if ends.source is not Kind.PERSON:
                continue
            target = Selection(kind=Kind.PERSON, where=start.value)
            counted = Counted(link=ends.inverse, target=target)
            ends_of_outline = (outline.end, *_count_word(parse, outline.end))
            for each in [read for end in ends_of_outline for read in parse.phrases(parse.lexicon.each, end)]:
                for holders in nouns.np(parse, each.end, ends.target):
                    yield Read(Asked(mode="rank", subject=holders.value, counted=counted), holders.end, holders.cost)
            for auxiliary in parse.phrases(parse.lexicon.yes_no, outline.end):
                for whole in parse.phrases(parse.lexicon.whole, auxiliary.end):
                    for holders in nouns.np(parse, whole.end, ends.target):
                        for have in parse.phrases(parse.lexicon.having, holders.end):
                            if have.value == "with":
                                asked = Asked(mode="rank", subject=holders.value, counted=counted)
                                yield Read(asked, have.end, holders.cost)


def _count_word(parse: Parse, at: int) -> list[int]:
    return [r.end for r in parse.phrases(parse.lexicon.ranking, at) if r.value == "count_after"]


def _each(parse: Parse, subject: Selection, at: int, cost: int) -> Iterator[Read[Asked]]:
    """ "In each status", "per department", "per group"."""
    for each in parse.phrases(parse.lexicon.each, at):
        for attribute in attribute_names(parse, each.end, subject.kind):
            # "Users by name" are sorted by it.
            apart = attribute.value in TELLING_APART or is_time(parse, subject.kind, attribute.value)
            asked = Asked(mode="count", subject=subject, by=attribute.value)
            yield Read(asked, attribute.end, cost + int(apart))
            for said in clauses.conditions(parse, attribute.end, subject.kind):
                narrower = Selection(kind=subject.kind, where=all_of((subject.where, said.value)))
                asked = Asked(mode="count", subject=narrower, by=attribute.value)
                yield Read(asked, said.end, cost + said.cost)
        for kind in Kind:
            link = BETWEEN.get((kind, subject.kind))
            for holders in nouns.np(parse, each.end, kind) if link else ():
                assert link is not None
                each_has = Counted(link=link, target=subject)
                asked = Asked(mode="rank", subject=holders.value, counted=each_has)
                yield Read(asked, holders.end, cost + holders.cost)


def _has_each(parse: Parse, things: Read[Selection]) -> Iterator[Read[Asked]]:
    """ "How many apps does each user have", "how many users does each department have"."""
    for auxiliary in parse.phrases(parse.lexicon.yes_no, things.end):
        for whole in parse.phrases(parse.lexicon.whole, auxiliary.end):
            for attribute in attribute_names(parse, whole.end, things.value.kind):
                for have in parse.phrases(parse.lexicon.having, attribute.end):
                    if have.value == "with":
                        yield Read(Asked(mode="count", subject=things.value, by=attribute.value), have.end, things.cost)
            for kind in Kind:
                for holders in nouns.np(parse, whole.end, kind):
                    for link, end in verb(parse, holders.end, kind, things.value.kind):
                        counted = Counted(link=link, target=things.value)
                        yield Read(Asked(mode="rank", subject=holders.value, counted=counted), end, holders.cost)


def verb(parse: Parse, at: int, kind: Kind, target: Kind) -> Iterator[tuple[Link, int]]:
    """The link that the words after a thing of that kind say: "have", "can open", "are in"."""
    for word in parse.phrases(parse.lexicon.links[kind], at):
        if LINKS[word.value].target is target:
            yield word.value, word.end
    link = BETWEEN.get((kind, target))
    for have in parse.phrases(parse.lexicon.having, at):
        if link and have.value == "with":
            yield link, have.end


@rule
def rankings(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "Top 10 groups by members", "the largest groups", "users with the most apps"."""
    for fewest, number, begin in _superlatives(parse, at):
        for kind in Kind:
            for things in (*nouns.np(parse, begin, kind, True), *_whoever(parse, begin, kind)):
                for counted, word, end in _ranked_by(parse, things.end, kind):
                    reverse = fewest or word == "fewest"
                    if word is not None and number is None and _is_one(parse, begin, kind, things.end):
                        yield _rank(things._replace(end=end), counted, limit=None, fewest=reverse, ties=True)
                    elif word is None and number is None and not fewest:
                        # "Groups by size": all of them.
                        yield _rank(things._replace(end=end), counted, limit=None, fewest=False)
                    else:
                        yield _rank(things._replace(end=end), counted, limit=number or DEFAULT_LIMIT, fewest=reverse)
    yield from _largest(parse, at)


def _whoever(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Selection]]:
    """ "Who (has the most apps)", "managers (with the most reports)"."""
    if kind is Kind.PERSON:
        yield from (Read(Selection(kind=kind), end) for end in parse.mark("who", at))
        yield from managers(parse, at, kind)


def managers(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Selection]]:
    """ "Managers", "managers in the Sales department": people whom somebody reports to."""
    managing = Linked(link=Link.MANAGES, target=Selection(kind=Kind.PERSON))
    for word in parse.phrases(parse.lexicon.figuring, at) if kind is Kind.PERSON else ():
        if word.value == "managers":
            yield Read(Selection(kind=kind, where=managing), word.end)
            for said in clauses.conditions(parse, word.end, kind):
                yield Read(Selection(kind=kind, where=all_of((managing, said.value))), said.end, said.cost)


def _is_one(parse: Parse, at: int, kind: Kind, end: int) -> bool:
    """Whether the noun is in the singular: "the group with the most members" is one, or several that have as many."""
    if parse.tokens[at].key in _ONE_PERSON:
        return True
    return any(read.end <= end and parse.tokens[read.end - 1].key in _SINGULAR for read in nouns.head(parse, at, kind))


def _rank(
    things: Read[Selection], counted: Counted, *, limit: int | None, fewest: bool, ties: bool = False
) -> Read[Asked]:
    asked = Asked(mode="rank", subject=things.value, counted=counted, limit=limit, fewest_first=fewest, ties=ties)
    return Read(asked, things.end, things.cost)


def _superlatives(parse: Parse, at: int) -> Iterator[tuple[bool, int | None, int]]:
    """ "Top 10", "10", nothing: whether the fewest come first, how many, and where the things begin."""
    yield False, None, at
    for number, end in _number(parse, at):
        yield False, number, end
    for word in parse.phrases(parse.lexicon.ranking, at):
        if word.value in ("top", "bottom"):
            for number, end in _number(parse, word.end):
                yield word.value == "bottom", number, end
            yield word.value == "bottom", DEFAULT_LIMIT, word.end


def _number(parse: Parse, at: int) -> list[tuple[int, int]]:
    return [
        (many.value.at_least, many.end)
        for many in objects.bound(parse, at)
        if many.value.at_least == many.value.at_most and 0 < many.value.at_least <= 100_000
    ]


def _ranked_by(parse: Parse, at: int, kind: Kind) -> Iterator[tuple[Counted, str | None, int]]:
    """ "By members", "by number of apps", "by size", "with the most users"."""
    for word in parse.phrases(parse.lexicon.ranking, at):
        if word.value == "by":
            for things in objects.related(parse, word.end, kind):
                if things.value.link is Link.REPORTS_TO:
                    # "Users by manager" are grouped, not ranked by how many managers they have.
                    continue
                counted = Counted(link=things.value.link, target=things.value.target)
                for end in (things.end, *_count_word(parse, things.end)):
                    yield counted, None, end
        if word.value == "size" and (size := size_of(kind)):
            yield size, None, word.end
    yield from _with_counts(parse, at, kind)
    for have in parse.phrases(parse.lexicon.having, at):
        for word in parse.phrases(parse.lexicon.ranking, have.end) if have.value == "with" else ():
            if word.value in ("most", "fewest"):
                for things in objects.related(parse, word.end, kind):
                    yield Counted(link=things.value.link, target=things.value.target), word.value, things.end
    yield from _doing_most(parse, at, kind)


def _doing_most(parse: Parse, at: int, kind: Kind) -> Iterator[tuple[Counted, str | None, int]]:
    """ "(Who) can open the most apps", "(people who) are in the fewest groups"."""
    begins = [at, *(r.end for r in parse.phrases(parse.lexicon.who, at))]
    begins += [r.end for b in begins for r in parse.phrases(parse.lexicon.yes_no, b)]
    for link in (read for begin in dict.fromkeys(begins) for read in parse.phrases(parse.lexicon.links[kind], begin)):
        for word in parse.phrases(parse.lexicon.ranking, link.end):
            if word.value in ("most", "fewest"):
                for things in nouns.np(parse, word.end, LINKS[link.value].target):
                    yield Counted(link=link.value, target=things.value), word.value, things.end


def _with_counts(parse: Parse, at: int, kind: Kind) -> Iterator[tuple[Counted, str | None, int]]:
    """ "With their member counts"; without "counts" the members themselves are asked for."""
    for also in parse.phrases(parse.lexicon.also, at):
        for begin in (also.end, *(their.end for their in parse.phrases(parse.lexicon.owners, also.end))):
            for things in objects.related(parse, begin, kind):
                for end in _count_word(parse, things.end):
                    yield Counted(link=things.value.link, target=things.value.target), None, end
            # "And their sizes"
            for word in parse.phrases(parse.lexicon.ranking, begin) if begin > also.end else ():
                if word.value == "size" and (size := size_of(kind)):
                    yield size, None, word.end


def size_of(kind: Kind) -> Counted | None:
    """What the size of such a thing counts."""
    link = {Kind.GROUP: Link.HAS_MEMBER, Kind.APPLICATION: Link.OPENED_BY}.get(kind)
    return Counted(link=link, target=Selection(kind=Kind.PERSON)) if link else None


def _largest(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """ "The 10 largest groups", "the biggest applications"."""
    for number, begin in [(DEFAULT_LIMIT, at), *_number(parse, at), *_top_number(parse, at)]:
        for word in parse.phrases(parse.lexicon.ranking, begin):
            if word.value in ("largest", "smallest"):
                for kind in (Kind.GROUP, Kind.APPLICATION):
                    for things in nouns.np(parse, word.end, kind):
                        size = size_of(kind)
                        assert size is not None
                        said = [end for counted, _, end in _ranked_by(parse, things.end, kind) if counted == size]
                        one = begin == at and _is_one(parse, word.end, kind, things.end)
                        for end in (things.end, *said):
                            limit = None if one else number
                            yield _rank(
                                things._replace(end=end), size, limit=limit, fewest=word.value == "smallest", ties=one
                            )


def _top_number(parse: Parse, at: int) -> list[tuple[int, int]]:
    tops = [r.end for r in parse.phrases(parse.lexicon.ranking, at) if r.value == "top"]
    return [found for end in tops for found in _number(parse, end)]
