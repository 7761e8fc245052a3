"""What is said of things: "who are suspended", "with access to Slack", "not in Finance", "created since May 2026"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from holdfast.offline.grammar import governing, nouns, objects, owning, peers, questions
from holdfast.offline.grammar.combining import (
    Item,
    all_of,
    combined,
    exclude_each_other,
    is_mixed,
    negated,
    same_column,
    says_twice,
)
from holdfast.offline.grammar.comparing import comparison, named
from holdfast.offline.grammar.names import attribute_names, tenant_value
from holdfast.offline.grammar.times import times
from holdfast.offline.meaning import AllOf, Compare, Condition, Linked, Missing, Not
from holdfast.offline.meaning.links import LINKS, OPENED, OPENING, ROLE_WAYS, WAYS, Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

# Links whose verb needs no auxiliary to follow its subject: "apps contractors use".
_NEVER_WHO: Final = frozenset({Kind.FACTOR, Kind.DEVICE, Kind.ROLE})
_OWN_VERBS: Final = frozenset({Link.CAN_OPEN, Link.OWNS})
_VERB_FORMS: Final = frozenset(
    {
        "belong",
        "belongs",
        "report",
        "reports",
        "manage",
        "manages",
        "hold",
        "holds",
        "contain",
        "contains",
        "give",
        "gives",
    }
)
_USED: Final = frozenset({"use", "uses", "using", "used"})
_HAD: Final = frozenset({"has", "have", "had", "having", "got"})
_BY_WAY: Final = frozenset({"through", "via", "by"})
_OPENED_BEFORE: Final = (
    frozenset({"open", "opens", "access", "use", "uses", "reach", "get", "gets", "to", "see"}) | _HAD
)
_EVERY: Final = frozenset({"everyone", "everybody", "all", "anyone", "anybody", "every"})


@rule
def conditions(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """One or more clauses, side by side or joined by "and", "or", "but not"."""
    for row in _rows(parse, at, kind, ""):
        for meaning in combined(row.value):
            yield Read(meaning, row.end, row.cost + int(says_twice(meaning)))


@rule
def but_not(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "(Everyone) except contractors", "(all accounts) but employees"."""
    for joined in parse.phrases(parse.lexicon.connecting, at):
        # "Everyone but employees" leaves them out; "users but suspended" says that they are.
        but = parse.tokens[joined.end - 1].key == "but" and any(t.key in _EVERY for t in parse.tokens[:at])
        without = joined.value == "and_not" and parse.tokens[joined.end - 1].key != "nor"
        if without or (but and not parse.phrases(parse.lexicon.negation, joined.end)):
            for row in _rows(parse, joined.end, kind, "and_not"):
                for meaning in combined(row.value):
                    yield Read(meaning, row.end, row.cost + int(says_twice(meaning)))


@rule
def _rows(parse: Parse, at: int, kind: Kind, joined: str) -> Iterator[Read[tuple[Item, ...]]]:
    for first in clause(parse, at, kind, joined != ""):
        # Side by side says "and"; written so, the same row is not read twice.
        item = Item(joined or "and", first.value)
        yield Read((item,), first.end, first.cost)
        joins = parse.phrases(parse.lexicon.connecting, first.end)
        following = [("and_not" if _leaves_out(parse, r, kind) else r.value, r.end) for r in joins]
        for word, begin in [("", first.end), *following]:
            for rest in _rows(parse, begin, kind, word):
                if word == "" and exclude_each_other(first.value, rest.value[0].condition):
                    # Two values side by side: nobody has both, and nothing says "or".
                    continue
                cost = first.cost + rest.cost + _apart(first.value, rest.value[0])
                cost += int(word == "" and _is_said_of_what_is_had(parse, first))
                yield Read((item, *rest.value), rest.end, cost)
            if joined == "and_not" and word in ("and", "or"):
                # "Except contractors and people in Sales" may leave out both.
                for things in nouns.np(parse, begin, kind):
                    if things.value.where is not None:
                        both = (item, Item("and_not", things.value.where))
                        yield Read(both, things.end, first.cost + things.cost)


def _is_said_of_what_is_had(parse: Parse, had: Read[Condition]) -> bool:
    """ "With a factor whose status is pending": the factor's status, where a factor can have one.

    Where its owners are, a device is not said to be: "with a device in the Sales department".
    """
    if not isinstance(had.value, Linked) or had.value.target.kind not in (Kind.FACTOR, Kind.DEVICE):
        return False
    said = clause(parse, had.end, had.value.target.kind)
    return any(not (isinstance(read.value, Linked) and read.value.target.kind is Kind.PERSON) for read in said)


def _leaves_out(parse: Parse, joined: Read[str], kind: Kind) -> bool:
    """ "Everyone in London but interns": what follows "but" is a noun, and is left out."""
    but = parse.tokens[joined.end - 1].key == "but"
    everyone = but and any(token.key in _EVERY for token in parse.tokens[: joined.end])
    return everyone and any(things.value.where is not None for things in nouns.np(parse, joined.end, kind))


def _apart(first: Condition, following: Item) -> int:
    """What it costs to read two conditions for one: "whose status is active / or suspended", "with a mode / saml"."""
    if following.joined == "or":
        return int(same_column(_denied_or_not(first), _denied_or_not(following.condition)))
    # "Who aren't contractors, interns": neither of them.
    neither = isinstance(first, Not) and not isinstance(following.condition, Not)
    if neither and same_column(_denied_or_not(first), following.condition):
        return 1
    if following.joined == "and" and isinstance(first, Not) and isinstance(first.condition, Missing):
        value = following.condition.condition if isinstance(following.condition, Not) else following.condition
        return int(isinstance(value, Compare) and value.column == first.condition.column)
    return 0


def _denied_or_not(condition: Condition) -> Condition:
    return condition.condition if isinstance(condition, Not) else condition


class _Opening(NamedTuple):
    """ "Who have not": where the clause proper begins, and whether it is denied."""

    end: int
    denied: bool
    opened: bool


def openings(parse: Parse, at: int, who: bool = True) -> list[_Opening]:
    """Every way to begin a clause here: "who", "who are", "who have not", "without", nothing."""
    found = [_Opening(at, denied=False, opened=False)]
    if who:
        found += [_Opening(r.end, denied=False, opened=True) for r in parse.phrases(parse.lexicon.who, at)]
    for place in found:
        for auxiliary in parse.phrases(parse.lexicon.auxiliaries, place.end):
            _add(found, _Opening(auxiliary.end, place.denied, opened=True))
        if not place.denied:
            for no in parse.phrases(parse.lexicon.negation, place.end):
                _add(found, _Opening(no.end, denied=True, opened=True))
            for no in parse.phrases(parse.lexicon.no, place.end):
                _add(found, _Opening(no.end, denied=True, opened=False))
            for without in parse.phrases(parse.lexicon.having, place.end):
                if without.value == "without":
                    _add(found, _Opening(without.end, denied=True, opened=False))
    return found


def _add(found: list[_Opening], opening: _Opening) -> None:
    if opening not in found:
        found.append(opening)


@rule
def clause(parse: Parse, at: int, kind: Kind, nominal: bool = False) -> Iterator[Read[Condition]]:
    """One thing said of things of that kind. `nominal`: a noun may say it, as after "and", "except"."""
    if kind in _NEVER_WHO and at < len(parse.tokens) and parse.tokens[at].key == "who":
        return
    for opening in openings(parse, at):
        for read in modifier(parse, opening.end, kind, opening.denied, nominal):
            if opening.denied and (is_mixed(read.value) or _no_adjective(parse, opening, read)):
                continue
            yield Read(negated(read.value) if opening.denied else read.value, read.end, read.cost)
    yield from reduced(parse, at, kind)
    if nominal and parse.tokens[at - 1].key == "no":
        # With members, but "no apps".
        for related in objects.related(parse, at, kind):
            yield Read(objects.linked(related.value), related.end, related.cost)
        for attribute in attribute_names(parse, at, kind):
            yield Read(negated(Missing(column=attribute.value)), attribute.end)
    for opening in openings(parse, at):
        # "Who have contractors" does not say that they are contractors.
        had = opening.opened and parse.tokens[opening.end - 1].key in _HAD
        if (opening.opened or nominal) and not had:
            for things in nouns.np(parse, opening.end, kind):
                if things.value.where is not None:
                    said = things.value.where
                    yield Read(negated(said) if opening.denied else said, things.end, things.cost)


def _no_adjective(parse: Parse, opening: _Opening, read: Read[Condition]) -> bool:
    """Whether "without", "no" stands before an adjective alone: "without application" says nothing of a type."""
    adjectives = nouns.adjectives(parse, opening.end, Kind.GROUP, False) if not opening.opened else []
    return any(a.value == read.value for a in adjectives)


@rule
def reduced(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    """ "(apps) that contractors can open", "(groups) Dana is not in", "(apps) nobody can open"."""
    begins = [at, *(r.end for r in parse.phrases(parse.lexicon.who, at))]
    owners = [(read, False) for begin in begins for read in questions.subject(parse, begin)]
    owners += [(read, True) for begin in begins for read in questions.nobody(parse, begin)]
    for owner, none in owners:
        for opening in openings(parse, owner.end, who=False):
            for link in parse.phrases(parse.lexicon.links[owner.value.kind], opening.end):
                ends = LINKS[link.value]
                verb = link.value in _OWN_VERBS or parse.tokens[opening.end].key in _VERB_FORMS
                if (none or opening.denied) and tells_of_use(parse, link):
                    continue
                # "Nobody cannot" would be everybody.
                if ends.target is kind and (opening.end > owner.end or verb) and not (none and opening.denied):
                    said = Linked(link=ends.inverse, target=owner.value)
                    yield Read(negated(said) if opening.denied or none else said, link.end, owner.cost)


def by_way(said: Read[Condition], way: str) -> Iterator[Read[Condition]]:
    """ "(Can open Slack) directly", "… through a group": the same by that way only, where it is about access."""
    linked = said.value.conditions if isinstance(said.value, AllOf) else (said.value,)
    narrower: list[Condition] = []
    for part in linked:
        if isinstance(part, Linked) and (part.link is Link.CAN_OPEN or part.link is Link.OPENED_BY):
            opens = next(link for link, name in WAYS.items() if name == way)
            link = opens if part.link is Link.CAN_OPEN else LINKS[opens].inverse
            narrower.append(part.model_copy(update={"link": link}))
        if isinstance(part, Linked) and (part.link is Link.HOLDS or part.link is Link.HELD_BY):
            holds = next(link for link, name in ROLE_WAYS.items() if name == way)
            link = holds if part.link is Link.HOLDS else LINKS[holds].inverse
            narrower.append(part.model_copy(update={"link": link}))
    if len(narrower) == len(linked):
        yield Read(all_of(narrower) or narrower[0], said.end, said.cost)


def tells_of_use(parse: Parse, link: Read[Link]) -> bool:
    """Whether it says "use" of an application: who may open it and does not use it, nothing stored tells."""
    opening = link.value in OPENING or link.value in OPENED
    return opening and any(token.key in _USED for token in parse.tokens[max(0, link.end - 2) : link.end])


def _is_a_way(parse: Parse, at: int, link: Read[Link]) -> bool:
    """Whether it is the way of what was opened: "(apps) Dana can open through Sales" are not just given by Sales."""
    bare = link.value is Link.GIVEN_BY and link.end == at + 1 and parse.tokens[at].key in _BY_WAY
    return bare and at > 0 and parse.tokens[at - 1].key in _OPENED_BEFORE


@rule
def modifier(parse: Parse, at: int, kind: Kind, denied: bool, joined: bool) -> Iterator[Read[Condition]]:
    """A clause without "who are"; `denied` where "not" stands before it, `joined` after "and", "or"."""
    yield from _in_parentheses(parse, at, kind)
    yield from nouns.adjectives(parse, at, kind, False)
    for link in parse.phrases(parse.lexicon.links[kind], at):
        if (denied and tells_of_use(parse, link)) or _is_a_way(parse, at, link):
            continue
        for said in objects.objects(parse, link.end, link.value):
            yield said
            for way in parse.phrases(parse.lexicon.ways, said.end):
                yield from by_way(Read(said.value, way.end, said.cost), way.value)
    for had in objects.having(parse, at, kind):
        yield had
        for way in parse.phrases(parse.lexicon.ways, had.end):
            yield from by_way(Read(had.value, way.end, had.cost), way.value)
    yield from owning.owning(parse, at, kind)
    yield from governing.governing(parse, at, kind, denied)
    yield from comparison(parse, at, kind, joined)
    yield from named(parse, at, kind)
    yield from times(parse, at, kind, denied)
    if kind is Kind.APPLICATION:
        yield from _signs_on(parse, at)
    if kind is Kind.PERSON:
        yield from _placed(parse, at)
        yield from _outside(parse, at)
        yield from peers.employed(parse, at)
        yield from peers.of_same_manager(parse, at)


def _signs_on(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "(Apps that) use SAML", "sign in with OIDC"."""
    for word in parse.phrases(parse.lexicon.signing_on, at):
        for value in parse.phrases(parse.lexicon.values[Kind.APPLICATION], word.end):
            if value.value.column == "sign_on_mode":
                yield Read(Compare(column="sign_on_mode", values=(value.value.value,)), value.end)


def _in_parentheses(parse: Parse, at: int, kind: Kind) -> Iterator[Read[Condition]]:
    for begin in parse.mark("(", at):
        for read in conditions(parse, begin, kind):
            for end in parse.mark(")", read.end):
                yield Read(read.value, end, read.cost)


def _placed(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """In a department, a city, whatever the tenant puts people in: "in Finance or Sales"."""
    for attached in parse.phrases(parse.lexicon.attached, at):
        yield from peers.of_named_attribute(parse, attached.end)
    for place in parse.phrases(parse.lexicon.places, at):
        rows: list[tuple[tuple[Item, ...], int, int]] = [
            ((Item("", value.value),), value.end, value.cost) for value in tenant_value(parse, place.end)
        ]
        while rows:
            row, end, cost = rows.pop()
            for meaning in combined(row):
                yield Read(meaning, end, cost)
            for joined in parse.phrases(parse.lexicon.connecting, end):
                for value in tenant_value(parse, joined.end):
                    word = nouns.union_word(row[-1].condition, value.value, joined.value)
                    rows.append(((*row, Item(word, value.value)), value.end, cost + value.cost))


def _outside(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "Outside the Sales department", "outside of Eng-Web"."""
    for outside in parse.mark("outside", at):
        for begin in (outside, *parse.mark("of", outside)):
            for value in tenant_value(parse, begin):
                yield Read(negated(value.value), value.end, value.cost)
            for member in objects.objects(parse, begin, Link.MEMBER_OF):
                yield Read(negated(member.value), member.end, member.cost)
