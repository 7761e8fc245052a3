"""Comparisons: who shares a value, what two people have, what is lost without a group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.graph.schema import ColumnType
from holdfast.offline.grammar import nouns, questions
from holdfast.offline.grammar.combining import all_of, negated
from holdfast.offline.grammar.figuring import ends, some
from holdfast.offline.grammar.names import LABELS, attribute_names, thing
from holdfast.offline.meaning import Alike, AllOf, Asked, Condition, Holdings, Linked, Loss, Named, Selection
from holdfast.offline.meaning.links import BETWEEN, LINKS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

_LOST: Final[tuple[Kind, ...]] = (Kind.APPLICATION, Kind.ROLE)
# Applications, or which kinds of thing.
_Things = tuple[Kind, ...] | Selection


@rule
def differences(parse: Parse, at: int) -> Iterator[Read[Asked]]:
    """A question that compares, in each of its forms."""
    for alike in (*_alike(parse, at), *_duplicates_by(parse, at)):
        yield Read(Asked(subject=alike.value.subject, numbers=alike.value), alike.end, alike.cost)
    for held in _holdings(parse, at):
        yield Read(Asked(subject=held.value.first, numbers=held.value), held.end, held.cost)
    for loss in (*_loss(parse, at), *_loss_after_if(parse, at)):
        subject = loss.value.people if loss.value.focus is Kind.PERSON else loss.value.applications
        yield Read(Asked(subject=subject, numbers=loss.value), loss.end, loss.cost)
    for things in (*_elided(parse, at), *_in_common(parse, at)):
        yield Read(Asked(subject=things.value), things.end, things.cost)


def _alike(parse: Parse, at: int) -> Iterator[Read[Alike]]:
    """ "Accounts that share a mobile phone or have a duplicate e-mail", "duplicate phone numbers"."""
    subjects: list[Read[Selection]] = [Read(Selection(kind=Kind.PERSON), at)]
    for kind in (Kind.PERSON, Kind.GROUP, Kind.APPLICATION, Kind.DEVICE):
        subjects += some(parse, at, kind)
    if at < len(parse.tokens) and parse.tokens[at].key == "who":
        subjects.append(Read(Selection(kind=Kind.PERSON), at + 1))
    for things in subjects:
        kind = things.value.kind
        rows = _shared(parse, things.end, kind)
        while rows:
            row = rows.pop()
            yield Read(Alike(subject=things.value, columns=row.value), row.end, things.cost)
            for joined in parse.phrases(parse.lexicon.connecting, row.end):
                # Both at once would be the same person twice; "and" here says "or" only between plain nouns.
                if joined.value == "or" or (joined.value == "and" and things.end == at):
                    again = [joined.end, *ends(parse, joined.end, "same", "duplicate")]
                    plain = [read for begin in dict.fromkeys(again) for read in _attributes(parse, begin, kind)]
                    for more in (*_shared(parse, joined.end, kind), *plain):
                        if not set(more.value) & set(row.value):
                            rows.append(Read((*row.value, *more.value), more.end))


def _duplicates_by(parse: Parse, at: int) -> Iterator[Read[Alike]]:
    """ "Duplicate accounts by e-mail"."""
    for begin in ends(parse, at, "duplicate"):
        for kind in (Kind.PERSON, Kind.GROUP, Kind.APPLICATION, Kind.DEVICE):
            for things in some(parse, begin, kind):
                for by in (*parse.mark("by", things.end), *ends(parse, things.end, "share")):
                    for name in _attributes(parse, by, kind):
                        yield Read(Alike(subject=things.value, columns=name.value), name.end, things.cost)


def _shared(parse: Parse, at: int, kind: Kind) -> list[Read[tuple[tuple[str, ...], ...]]]:
    """ "Share the same phone", "have a duplicate e-mail", "duplicate e-mails"."""
    begins = [at, *(r.end for r in parse.phrases(parse.lexicon.who, at))]
    begins += [r.end for b in begins for r in parse.phrases(parse.lexicon.auxiliaries, b)]
    begins += [r.end for b in begins for r in parse.phrases(parse.lexicon.having, b) if r.value == "with"]
    found: list[Read[tuple[tuple[str, ...], ...]]] = []
    for begin in dict.fromkeys(begins):
        for end in ends(parse, begin, "share", "duplicate"):
            for same in (end, *ends(parse, end, "same", "duplicate")):
                found += _attributes(parse, same, kind)
        for name in _attributes(parse, begin, kind):
            # "E-mail duplicates"
            found += [name._replace(end=end) for end in ends(parse, name.end, "duplicate_after")]
    return list(dict.fromkeys(found))


def _attributes(parse: Parse, at: int, kind: Kind) -> list[Read[tuple[tuple[str, ...], ...]]]:
    """One attribute, or those that a general word means: "e-mail" is the first or the second."""
    found: list[Read[tuple[tuple[str, ...], ...]]] = []
    pooled = parse.phrases(parse.lexicon.pools, at) if kind is Kind.PERSON else []
    for pool in pooled:
        found.append(Read((parse.lexicon.pooled[pool.value],), pool.end))
    general = {pool.end for pool in pooled}
    columns = parse.schema.node(LABELS[kind]).columns
    for name in attribute_names(parse, at, kind):
        if name.end not in general and columns[name.value] in (ColumnType.STRING, ColumnType.INT64):
            found.append(Read(((name.value,),), name.end))
    found += _pool_in_parentheses(parse, at, kind)
    return [*found, *(Read(read.value, end) for read in found for end in ends(parse, read.end, "with_another"))]


def _pool_in_parentheses(parse: Parse, at: int, kind: Kind) -> Iterator[Read[tuple[tuple[str, ...], ...]]]:
    """ "(Email or second email)": as we say it ourselves."""
    for begin in parse.mark("(", at):
        for first in attribute_names(parse, begin, kind):
            for joined in parse.mark("or", first.end):
                for second in attribute_names(parse, joined, kind):
                    pool: tuple[str, ...] = (first.value, second.value)
                    if pool in parse.lexicon.pooled.values():
                        for end in parse.mark(")", second.end):
                            yield Read((pool,), end)


def _holdings(parse: Parse, at: int) -> Iterator[Read[Holdings]]:
    """ "What does Dana have that Luis does not", "compare Dana and Luis", "what do they have in common"."""
    for word in ("what", "everything"):
        for begin in parse.mark(word, at):
            does = [begin, *(r.end for r in parse.phrases(parse.lexicon.yes_no, begin))]
            for first in (read for place in dict.fromkeys(does) for read in _person(parse, place)):
                yield from _had_by_one(parse, begin, first)
                yield from _had_by_both(parse, first)
    for begin in dict.fromkeys((at, *ends(parse, at, "comparison"))):
        for first in _person(parse, begin):
            # "Dana versus Luis", "compare Dana and Luis"
            for after in ends(parse, first.end, "compared_to" if begin > at else "set_against"):
                for second in _person(parse, after):
                    every = Holdings(first=first.value, second=second.value, who=("first", "both", "second"))
                    yield Read(every, second.end, first.cost + second.cost)


def _had_by_one(parse: Parse, at: int, first: Read[Selection]) -> Iterator[Read[Holdings]]:
    """ "(What does Dana) have that Luis does not", "(what has Dana) that Luis has not"."""
    had = [r.end for r in parse.phrases(parse.lexicon.having, first.end)]
    if parse.tokens[at].key in ("has", "have"):
        had.append(first.end)
    for begin in had:
        for second, _, end in _other_person(parse, begin, denied=True):
            yield Read(Holdings(first=first.value, second=second.value, who=("first",)), end, first.cost)


def _had_by_both(parse: Parse, first: Read[Selection]) -> Iterator[Read[Holdings]]:
    """ "(What do Dana) and Luis have in common"."""
    for joined in parse.mark("and", first.end):
        for second in _person(parse, joined):
            both = Holdings(first=first.value, second=second.value, who=("both",))
            yield from (Read(both, end, first.cost + second.cost) for end in ends(parse, second.end, "common"))


def _person(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    for name in thing(parse, at, Kind.PERSON):
        yield Read(Selection(kind=Kind.PERSON, where=name.value), name.end, name.cost)


def _other_person(parse: Parse, at: int, *, denied: bool | None) -> Iterator[tuple[Read[Selection], bool, int]]:
    """ "(That) Luis does not have", "but Luis cannot": the other person, whether denied, and where it ends."""
    begins = [at, *(r.end for r in parse.phrases(parse.lexicon.who, at))]
    begins += [r.end for r in parse.phrases(parse.lexicon.connecting, at) if r.value == "and"]
    for other in (read for begin in dict.fromkeys(begins) for read in _person(parse, begin)):
        for auxiliary in parse.phrases(parse.lexicon.yes_no, other.end):
            for no in parse.phrases(parse.lexicon.negation, auxiliary.end) if denied is not False else ():
                yield other, True, no.end
                yield from ((other, True, have.end) for have in parse.phrases(parse.lexicon.having, no.end))
            also = auxiliary.end
            if denied is not True and parse.tokens[also - 1].key in ("can", "does", "is", "has"):
                yield other, False, also


def _elided(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Which apps can Dana open that Luis cannot", "groups Dana is in but Luis is not"."""
    kinds = (Kind.APPLICATION, Kind.GROUP, Kind.ROLE)
    begun = [*questions.inverted(parse, at), *(things for kind in kinds for things in nouns.np(parse, at, kind, True))]
    begun += [things for kind in kinds for things in _had_by_person(parse, at, kind)]
    for things in begun:
        link = _link_to_person(things.value)
        if link is None:
            continue
        for other, denied, end in _other_person(parse, things.end, denied=None):
            other_link: Condition = Linked(link=link, target=other.value)
            where = all_of((things.value.where, negated(other_link) if denied else other_link))
            for last in (end, *(w.end for w in parse.phrases(parse.lexicon.links[Kind.PERSON], end))):
                yield Read(Selection(kind=things.value.kind, where=where), last, things.cost + other.cost)


def _had_by_person(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Selection]]:
    """ "Apps (that) Dana has"."""
    for things in nouns.np(parse, at, kind, True):
        for begin in (things.end, *(r.end for r in parse.phrases(parse.lexicon.who, things.end))):
            for owner in _person(parse, begin):
                for have in parse.phrases(parse.lexicon.having, owner.end):
                    has = Linked(link=LINKS[BETWEEN[Kind.PERSON, kind]].inverse, target=owner.value)
                    where = all_of((things.value.where, has))
                    yield Read(Selection(kind=kind, where=where), have.end, things.cost + owner.cost)


def _link_to_person(things: Selection) -> Link | None:
    """The link to the one named person that they are linked to."""
    parts = things.where.conditions if isinstance(things.where, AllOf) else (things.where,)
    links = [
        part.link
        for part in parts
        if isinstance(part, Linked) and part.target.kind is Kind.PERSON and isinstance(part.target.where, Named)
    ]
    return links[0] if len(links) == 1 else None


def _in_common(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """ "Groups Dana and Luis share", "which apps do Dana and Luis have in common", "apps both can open"."""
    for kind in (Kind.APPLICATION, Kind.GROUP, Kind.ROLE):
        for things in nouns.np(parse, at, kind, True):
            begins = [things.end, *(r.end for r in parse.phrases(parse.lexicon.who, things.end))]
            begins += [r.end for b in begins for r in parse.phrases(parse.lexicon.yes_no, b)]
            begins += [r.end for b in begins for r in parse.phrases(parse.lexicon.having, b)]
            begins += [end for b in begins for end in parse.mark("of", b)]
            for begin in dict.fromkeys(begins):
                yield from _of_both(parse, begin, things)


def _of_both(parse: Parse, at: int, things: Read[Selection]) -> Iterator[Read[Selection]]:
    kind = things.value.kind
    link = LINKS[BETWEEN[Kind.PERSON, kind]].inverse
    both = parse.mark("both", at)
    for begin in (at, *both):
        for first in _person(parse, begin):
            for joined in parse.mark("and", first.end):
                for second in _person(parse, joined):
                    one: Condition = Linked(link=link, target=first.value)
                    where = all_of((things.value.where, one, Linked(link=link, target=second.value)))
                    verbs = [r.end for r in parse.phrases(parse.lexicon.links[Kind.PERSON], second.end)]
                    said = ends(parse, second.end, "common")
                    auxiliary = [r.end for r in parse.phrases(parse.lexicon.yes_no, second.end)]
                    verbs += [r.end for a in auxiliary for r in parse.phrases(parse.lexicon.links[Kind.PERSON], a)]
                    if begin in both:
                        said += [second.end, *verbs]
                    for end in dict.fromkeys(said):
                        cost = things.cost + first.cost + second.cost
                        yield Read(Selection(kind=kind, where=where), end, cost)


def _loss(parse: Parse, at: int) -> Iterator[Read[Loss]]:
    """ "Which apps would a user lose if the group X were removed", "who would lose Slack without X"."""
    for lost in _lost(parse, at):
        for groups in _without(parse, lost.end, lost.value.people):
            yield _with_groups(parse, lost, groups)


def _loss_after_if(parse: Parse, at: int) -> Iterator[Read[Loss]]:
    """ "If the group X were deleted, what would Dana lose"."""
    for groups in _without(parse, at, None):
        for begin in (groups.end, *parse.mark(",", groups.end)):
            asking = [begin, *(r.end for r in parse.phrases(parse.lexicon.asking, begin))]
            for lost in (read for b in dict.fromkeys(asking) for read in _lost(parse, b)):
                yield _with_groups(parse, lost, Read(groups.value, lost.end, groups.cost))


def _with_groups(parse: Parse, lost: Read[Loss], groups: Read[Selection]) -> Read[Loss]:
    end = groups.end
    for begin in (end, *parse.mark(",", end), *parse.mark("(", end)):
        for no_other in ends(parse, begin, "no_other_path"):
            end = next(iter(parse.mark(")", no_other)), no_other)
    return Read(lost.value.model_copy(update={"groups": groups.value}), end, lost.cost + groups.cost)


@rule
def _lost(parse: Parse, at: int) -> Iterator[Read[Loss]]:
    """Who would lose what, as far as the group."""
    for things in _losable(parse, at):
        # "Which apps would Dana lose", "what would contractors lose"
        for would in _would(parse, things.end):
            for people in _people(parse, would):
                for verb in (end for w in _would(parse, people.end) for end in ends(parse, w, "lose")):
                    yield _read(things.value, people, verb, things.cost, focus=None)
        for end in ends(parse, things.end, "be_lost"):
            yield _read(things.value, Read(Selection(kind=Kind.PERSON), end), end, things.cost, focus=None)
            for by in (end, *parse.mark("by", end), *parse.mark("for", end), *parse.mark("to", end)):
                for people in _people(parse, by):
                    yield _read(things.value, people, people.end, things.cost, focus=None)
    for people in _people(parse, at):
        # "Who would lose Slack", "which contractors would lose access to anything"
        whom = [people.end, *(r.end for r in parse.phrases(parse.lexicon.who, people.end))]
        for verb in (end for w in whom for v in _would(parse, w) for end in ends(parse, v, "lose")):
            # What, is left open.
            yield _read((Kind.APPLICATION,), people, verb, 1, focus=Kind.PERSON)
            for begin in (verb, *ends(parse, verb, "access_to")):
                for things in _losable(parse, begin):
                    yield _read(things.value, people, things.end, things.cost, focus=Kind.PERSON)


def _would(parse: Parse, at: int) -> list[int]:
    return [at, *ends(parse, at, "would"), *parse.mark("that", at)]


@rule
def _people(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    yield from _person(parse, at)
    yield from some(parse, at, Kind.PERSON)
    for who in parse.mark("who", at):
        yield Read(Selection(kind=Kind.PERSON), who)


def _losable(parse: Parse, at: int) -> Iterator[Read[_Things]]:
    """Applications, admin roles, or both: "what"."""
    for app in thing(parse, at, Kind.APPLICATION):
        yield Read(Selection(kind=Kind.APPLICATION, where=app.value), app.end, app.cost)
    for things in some(parse, at, Kind.APPLICATION):
        yield Read(things.value, things.end, things.cost)
    for roles in some(parse, at, Kind.ROLE):
        if roles.value.where is None:
            yield Read((Kind.ROLE,), roles.end, roles.cost)
    for word in ("what", "everything", "anything"):
        for end in parse.mark(word, at):
            yield Read(_LOST, end)


def _read(things: _Things, people: Read[Selection], end: int, cost: int, *, focus: Kind | None) -> Read[Loss]:
    kinds = (Kind.APPLICATION,) if isinstance(things, Selection) else things
    applications = things if isinstance(things, Selection) else Selection(kind=Kind.APPLICATION)
    loss = Loss(
        people=people.value,
        groups=Selection(kind=Kind.GROUP),
        applications=applications,
        kinds=kinds,
        focus=focus or kinds[0],
    )
    return Read(loss, end, people.cost + cost)


def _without(parse: Parse, at: int, people: Selection | None) -> Iterator[Read[Selection]]:
    """ "Without the group X", "if X were removed", "if we deleted X", "if Dana left X"."""
    for begin in (at, *parse.mark(",", at)):
        for without in ends(parse, begin, "without"):
            yield from _groups(parse, without)
        for condition in ends(parse, begin, "if"):
            for removing in ends(parse, condition, "removing"):
                yield from _groups(parse, removing)
            for groups in _groups(parse, condition):
                yield from (groups._replace(end=end) for end in ends(parse, groups.end, "removed"))
            for who in _person(parse, condition):
                for left in ends(parse, who.end, "removed_from") if people in (None, who.value) else ():
                    yield from _groups(parse, left)


@rule
def _groups(parse: Parse, at: int) -> Iterator[Read[Selection]]:
    """One named group, or several: "X or Y"."""
    rows = [Read(name.value, name.end, name.cost) for name in thing(parse, at, Kind.GROUP)]
    while rows:
        row = rows.pop()
        yield Read(Selection(kind=Kind.GROUP, where=row.value), row.end, row.cost)
        for joined in parse.phrases(parse.lexicon.connecting, row.end):
            for name in thing(parse, joined.end, Kind.GROUP) if joined.value != "and_not" else ():
                ids, names = (*row.value.ids, *name.value.ids), (*row.value.names, *name.value.names)
                rows.append(Read(Named(ids=ids, names=names), name.end, row.cost + name.cost))
