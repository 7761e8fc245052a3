"""Things: "active contractors in Finance", "Dana's groups", "members of empty groups"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import Final

from holdfast.graph.schema import ColumnType
from holdfast.graph.vocabulary import WordKind
from holdfast.offline.grammar import clauses, objects, peers, times
from holdfast.offline.grammar.combining import Item, all_of, any_of, combined, exclude_each_other, negated, same_column
from holdfast.offline.grammar.names import LABELS, PARTLY_COST, flag, hire_column, tenant_value, thing, user_type
from holdfast.offline.grammar.windows import window
from holdfast.offline.meaning import AllOf, Compare, Condition, Linked, Not, Selection, Within
from holdfast.offline.meaning.links import LINKS, ROLE_WAYS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

# The attribute of a kind whose values are nouns by themselves: "people with SMS", "who owns a Mac".
_KINDS_AS_NOUNS: Final = {Kind.FACTOR: "factor_type", Kind.DEVICE: "platform"}
# Without a time, "inactive" is read as this long without a sign-in, beside "not active": the asker decides.
_QUIET_DAYS: Final = 90
# Okta enrols everybody's e-mail by itself; it is no factor of a second kind.
SECOND_FACTOR: Final = Not(condition=Compare(column="factor_type", values=("email",)))
_OF: Final = frozenset({"of", "in", "for", "on", "from", "inside", "within"})


@rule
def np(parse: Parse, at: int, kind: Kind, whole: bool = False) -> Iterator[Read[Selection]]:
    """Things of one kind, with what stands before and after the noun. `whole`: "all" may stand before."""
    # People, factors and devices have nouns that are the tenant's own words, or values.
    if kind is not Kind.PERSON and kind not in _KINDS_AS_NOUNS and parse.last_mention.get(kind, -1) < at:
        return
    for begin in _whole(parse, at) if whole else [at]:
        yield from _new(parse, begin, kind)
        for found in head(parse, begin, kind):
            yield Read(Selection(kind=kind, where=found.value), found.end, found.cost)
            for after in (*clauses.conditions(parse, found.end, kind), *clauses.but_not(parse, found.end, kind)):
                if found.value is not None and exclude_each_other(found.value, after.value):
                    continue
                if kind in _KINDS_AS_NOUNS and _is_idle(found.value, after.value):
                    continue
                where = all_of((found.value, after.value))
                if not _nothing_is(parse, kind, where):
                    yield Read(Selection(kind=kind, where=where), after.end, found.cost + after.cost)


def _nothing_is(parse: Parse, kind: Kind, where: Condition | None) -> bool:
    """Whether two values of one attribute are asked of each thing: nobody means that, and nothing has both."""
    parts = where.conditions if isinstance(where, AllOf) else ()
    columns = parse.schema.node(LABELS[kind]).columns
    return any(
        isinstance(one, Compare)
        and columns[one.column] is not ColumnType.STRING_LIST
        and exclude_each_other(one, other)
        for one, other in combinations(parts, 2)
    )


def _is_idle(before: Condition | None, after: Condition) -> bool:
    """Whether "not" says nothing of that one thing: "SMS but not WebAuthn" is said of who has them."""
    return before is not None and isinstance(after, Not) and exclude_each_other(before, after.condition)


def _new(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Selection]]:
    """ "New" says something only with a time: "new accounts this year", "joiners this week"."""
    heads = [(h, "created") for new in parse.phrases(parse.lexicon.new, at) for h in head(parse, new.end, kind)]
    if kind is Kind.PERSON:
        # Who joined may be one whose account is new, or one who was hired; the asker decides.
        columns = [c for c in ("created", hire_column(parse.schema)) if c]
        begins = [at, *(new.end for new in parse.phrases(parse.lexicon.new, at))]
        joiners = [r for begin in begins for r in parse.phrases(parse.lexicon.newcomers, begin)]
        heads += [(Read(None, r.end), column) for r in joiners for column in columns]
    for found, column in heads:
        for span in window(parse, found.end):
            if span.value.start is not None:
                where = all_of((found.value, Within(column=column, start=span.value.start, end=span.value.end)))
                yield Read(Selection(kind=kind, where=where), span.end, found.cost)
                for after in clauses.conditions(parse, span.end, kind):
                    both = all_of((where, after.value))
                    yield Read(Selection(kind=kind, where=both), after.end, found.cost + after.cost)


def _whole(parse: Parse, at: int) -> list[int]:
    return [at, *(read.end for read in parse.phrases(parse.lexicon.whole, at))]


@rule
def head(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition | None]]:
    """A noun with its adjectives; "Dana's groups"; "members of Finance"."""
    for before in adjectives_before(parse, at, kind):
        for noun in parse.phrases(parse.lexicon.nouns, before.end):
            if noun.value is kind:
                said = _second(parse, before.end, noun.end, before.value) if kind is Kind.FACTOR else before.value
                yield Read(said, noun.end, before.cost)
        for special in _special_noun(parse, before.end, kind):
            if before.value is not None and exclude_each_other(before.value, special.value):
                continue
            yield Read(all_of((before.value, special.value)), special.end, before.cost + special.cost)
        for outlined in _outlined(parse, before.end, kind):
            yield Read(all_of((before.value, outlined.value)), outlined.end, before.cost + outlined.cost)
    yield from _possessive(parse, at, kind)
    if kind is Kind.PERSON:
        for colleagues in peers.colleagues(parse, at):
            yield Read(colleagues.value, colleagues.end, colleagues.cost)


def _second(parse: Parse, at: int, end: int, before: Condition | None) -> Condition | None:
    """ "(No) second factor": e-mail is a factor, but no second one; "SMS second factor" is SMS anyway."""
    second = any(token.key == "second" and not token.quoted for token in parse.tokens[at:end])
    is_of_type = isinstance(before, Compare) and before.column == "factor_type"
    return all_of((before, SECOND_FACTOR)) if second and not is_of_type else before


def _outlined(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "Members of Finance", "members of Dana's team"."""
    for outline in parse.phrases(parse.lexicon.outlines, at):
        if LINKS[outline.value].source is kind:
            yield from _of(parse, outline.end, outline.value)
        if outline.value is Link.MEMBER_OF and kind is Kind.PERSON:
            yield from _of_team(parse, outline.end)


def _of(parse: Parse, at: int, link: Link) -> Iterator[Read[Condition]]:
    for start in parse.starts(at):
        if start < len(parse.tokens) and parse.tokens[start].key in _OF:
            # "Who owns a device in Sales": the owner is in it, before the device.
            apart = 2 * int(link is Link.OWNED_BY and parse.tokens[start].key != "of")
            for said in objects.objects(parse, start + 1, link):
                yield Read(said.value, said.end, said.cost + apart)


def _of_team(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "(Members) of Dana's team", "(staff) of the Finance department"."""
    for start in parse.starts(at):
        if start < len(parse.tokens) and parse.tokens[start].key in _OF:
            yield from peers.of_named_attribute(parse, start + 1)
            for owner in thing(parse, start + 1, Kind.PERSON):
                for mark in parse.mark("'s", owner.end):
                    for outline in parse.phrases(parse.lexicon.outlines, mark):
                        if outline.value is Link.REPORTS_TO:
                            target = Selection(kind=Kind.PERSON, where=owner.value)
                            yield Read(Linked(link=Link.REPORTS_TO, target=target), outline.end, owner.cost)


def _possessive(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition | None]]:
    for link, ends in LINKS.items():
        if ends.source is not kind:
            continue
        if ends.target is Kind.PERSON:
            yield from _of_several(parse, at, link)
        for owner in thing(parse, at, ends.target):
            # "Eng-Web members" without the ending: where the whole name stands there.
            bare = [owner.end] if owner.cost == 0 else []
            for mark in (*parse.mark("'s", owner.end), *bare):
                target = Selection(kind=ends.target, where=owner.value)
                condition = Linked(link=link, target=target)
                for before in adjectives_before(parse, mark, kind):
                    for noun in parse.phrases(parse.lexicon.outlines, before.end):
                        if noun.value is link:
                            cost = owner.cost + before.cost + int(mark == owner.end)
                            yield Read(all_of((condition, before.value)), noun.end, cost)


def _of_several(parse: Parse, at: int, link: Link) -> Iterator[Read[Condition | None]]:
    """ "Contractors' apps", "active employees' managers": of people who are no name."""
    for before in adjectives_before(parse, at, Kind.PERSON):
        owners = [
            (before.value, n.end) for n in parse.phrases(parse.lexicon.nouns, before.end) if n.value is Kind.PERSON
        ]
        owners += [(all_of((before.value, n.value)), n.end) for n in _special_noun(parse, before.end, Kind.PERSON)]
        for where, end in owners:
            for mark in parse.mark("'s", end) if parse.tokens[end - 1].key.endswith("s") else ():
                for noun in parse.phrases(parse.lexicon.outlines, mark):
                    if noun.value is link:
                        target = Selection(kind=Kind.PERSON, where=where)
                        yield Read(Linked(link=link, target=target), noun.end, before.cost)


def _special_noun(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """Nouns that say more than their kind, one or several: "contractors and interns", "SMS or push"."""
    rows: list[tuple[tuple[Item, ...], int, int]] = [
        ((Item("", noun.value),), noun.end, noun.cost) for noun in _one_special_noun(parse, at, kind)
    ]
    while rows:
        row, end, cost = rows.pop()
        yield Read(any_of([item.condition for item in row]), end, cost)
        for joined in parse.phrases(parse.lexicon.connecting, end):
            if joined.value == "and_not":
                continue
            for noun in _one_special_noun(parse, joined.end, kind):
                # "With SMS and push" is both of them, for who can have both.
                both = int(joined.value == "and" and kind in _KINDS_AS_NOUNS)
                rows.append(((*row, Item("or", noun.value)), noun.end, cost + noun.cost + both))


@rule
def _one_special_noun(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    for start in parse.starts(at) if kind is Kind.PERSON else ():
        yield from _types(parse, start)
        yield from _titles(parse, start)
        yield from _administrators(parse, start)
    for noun in parse.phrases(parse.lexicon.noun_values[kind], at):
        said = Compare(column=noun.value.column, values=(noun.value.value,))
        yield Read(said, noun.end)
        # "Leavers in October"
        for span in window(parse, noun.end):
            yield Read(times.turned(said, span.value), span.end, span.cost)
    if kind in _KINDS_AS_NOUNS:
        for value in parse.phrases(parse.lexicon.values[kind], at):
            if value.value.column == _KINDS_AS_NOUNS[kind]:
                yield Read(Compare(column=value.value.column, values=(value.value.value,)), value.end)
    if kind is not Kind.PERSON:
        return
    for full in parse.phrases(parse.lexicon.linked[kind], at):
        if full.value is not Link.HOLDS:
            yield Read(Linked(link=full.value, target=Selection(kind=LINKS[full.value].target)), full.end)


def _types(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Contractors", "non-employees"."""
    for found in user_type(parse, at):
        yield Read(found.value, found.end, found.cost)
    for no in parse.mark("non", at):
        for found in user_type(parse, no):
            yield Read(negated(found.value), found.end, found.cost)


def _administrators(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Super admins"; "admins" alone may be those or everyone with a role, so it is read both ways."""
    named = parse.phrases(parse.lexicon.values[Kind.ROLE], at)
    roles = [(role.value.value, role.end) for role in named if role.value.value != "CUSTOM"]
    for full in parse.phrases(parse.lexicon.linked[Kind.PERSON], at):
        if full.value is Link.HOLDS:
            for link in ROLE_WAYS:
                yield Read(Linked(link=link, target=Selection(kind=Kind.ROLE)), full.end)
            roles.append(("SUPER_ADMIN", full.end))
    for role, end in roles:
        target = Selection(kind=Kind.ROLE, where=Compare(column="type", values=(role,)))
        yield Read(Linked(link=Link.HOLDS, target=target), end)
        for way in parse.phrases(parse.lexicon.ways, end):
            link = next(link for link, name in ROLE_WAYS.items() if name == way.value)
            yield Read(Linked(link=link, target=target), way.end)


def _titles(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """A job title in the plural: "account managers"."""
    key = ""
    for end in range(at + 1, min(at + 7, len(parse.tokens)) + 1):
        token = parse.tokens[end - 1]
        if token.quoted or not token.name:
            return
        key = f"{key} {token.name}".strip()
        for singular in (key, key.removesuffix("s"), key.removesuffix("ies") + "y"):
            values = tuple(
                w.id for w in parse.vocabulary.named(singular) if w.kind is WordKind.VALUE and w.detail == "title"
            )
            if values:
                parse.reached(end)
                yield Read(Compare(column="title", values=values), end, 1)
                break


@rule
def adjective(parse: Parse, at: int, kind: Kind, before_noun: bool) -> Iterator[Read[Condition]]:
    """One word for a quality of such a thing: "suspended", "SAML", "empty"; before a noun also a name."""
    for value in parse.phrases(parse.lexicon.values[kind], at):
        # A role's own name says the same as the word for its type.
        yield Read(Compare(column=value.value.column, values=(value.value.value,)), value.end, int(kind is Kind.ROLE))
    for empty in parse.phrases(parse.lexicon.empty[kind], at):
        target = Selection(kind=LINKS[empty.value].target)
        yield Read(negated(Linked(link=empty.value, target=target)), empty.end)
    for full in parse.phrases(parse.lexicon.linked[kind], at):
        # "Managers" are a noun: "without a manager" does not say that somebody is none.
        if full.value is not Link.MANAGES:
            yield Read(Linked(link=full.value, target=Selection(kind=LINKS[full.value].target)), full.end)
    for flagged in parse.phrases(parse.lexicon.flags[kind], at):
        yield Read(Compare(column=flagged.value.column, values=(flagged.value.value == "yes",)), flagged.end)
    if kind is Kind.FACTOR:
        for word in parse.phrases(parse.lexicon.phishing_resistant, at):
            yield Read(Compare(column="factor_type", values=parse.lexicon.phishing_resistant_types), word.end)
    if kind is Kind.PERSON:
        yield from flag(parse, at)
        yield from _quiet(parse, at)
        if before_noun:
            yield from _name_before_noun(parse, at)


def _quiet(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    for word in parse.phrases(parse.lexicon.quiet[Kind.PERSON], at):
        yield Read(negated(Compare(column="status", values=("ACTIVE",))), word.end)
        since = parse.now - timedelta(days=_QUIET_DAYS)
        yield Read(negated(Within(column=word.value, start=since)), word.end)


def _name_before_noun(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    # "Active contractors and suspended employees": a noun by itself, and no group of that name.
    alone = {read.end for read in user_type(parse, at) if _is_plural_before_and(parse, read.end)}
    for value in (*user_type(parse, at), *tenant_value(parse, at)):
        if value.end in alone:
            continue
        yield Read(value.value, value.end, value.cost)
        # "London-based"
        for based in parse.mark("based", value.end):
            yield Read(value.value, based, value.cost)
    for app in thing(parse, at, Kind.APPLICATION):
        # "Salesforce contractors"
        if app.cost < PARTLY_COST:
            target = Selection(kind=Kind.APPLICATION, where=app.value)
            yield Read(Linked(link=Link.CAN_OPEN, target=target), app.end, app.cost + 1)
    for group in thing(parse, at, Kind.GROUP):
        if group.end not in alone:
            target = Selection(kind=Kind.GROUP, where=group.value)
            yield Read(Linked(link=Link.MEMBER_OF, target=target), group.end, group.cost)


def _is_plural_before_and(parse: Parse, end: int) -> bool:
    return parse.tokens[end - 1].key.endswith("s") and bool(parse.phrases(parse.lexicon.connecting, end))


@rule
def adjectives(parse: Parse, at: int, kind: Kind, before_noun: bool) -> Iterator[Read[Condition]]:
    """One or more adjectives: "suspended or locked out", "active SAML", "non-active"."""
    for first in _signed(parse, at, kind, before_noun):
        yield first
        yield from _further(parse, first, kind, before_noun)


def _signed(parse: Parse, at: int, kind: Kind, before_noun: bool) -> Iterator[Read[Condition]]:
    yield from adjective(parse, at, kind, before_noun)
    if before_noun:
        for no in parse.phrases(parse.lexicon.negation, at):
            for read in adjective(parse, no.end, kind, before_noun):
                yield Read(negated(read.value), read.end, read.cost)


def _further(parse: Parse, first: Read[Condition], kind: Kind, before_noun: bool) -> Iterator[Read[Condition]]:
    rows: list[tuple[tuple[Item, ...], int, int]] = [((Item("", first.value),), first.end, first.cost)]
    while rows:
        row, end, cost = rows.pop()
        joined = [(r.value, r.end) for r in parse.phrases(parse.lexicon.connecting, end) if r.value != "and_not"]
        for word, begin in [*joined, ("", end)] if before_noun else joined:
            for read in _signed(parse, begin, kind, before_noun):
                if word == "" and exclude_each_other(row[-1].condition, read.value):
                    continue
                longer = (*row, Item(union_word(row[-1].condition, read.value, word), read.value))
                rows.append((longer, read.end, cost + read.cost))
                for meaning in combined(longer):
                    yield Read(meaning, read.end, cost + read.cost)


def union_word(before: Condition, after: Condition, word: str) -> str:
    """ "Suspended and locked out users" are the ones and the others: nobody is both."""
    return "or" if word == "and" and same_column(before, after) else word


@rule
def adjectives_before(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition | None]]:
    """What stands before a noun; nothing, as a rule."""
    yield Read(None, at)
    for start in parse.starts(at):
        for read in adjectives(parse, start, kind, True):
            yield Read(read.value, read.end, read.cost)
