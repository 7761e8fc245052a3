"""Policies, their rules, and group rules: "protected only by the catch-all rule", "rules that require MFA"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from holdfast.offline.grammar.combining import all_of, negated
from holdfast.offline.grammar.names import thing
from holdfast.offline.meaning import Compare, Condition, Linked, Only, Operator, Selection
from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.reading.parse import Parse, Read, rule

# A rule's actions are kept as the tenant wrote them, with its keys in order.
REQUIRES_MFA: Final = Compare(
    column="actions", operator=Operator.CONTAINS, values=('"factorMode": "2FA"', '"requireFactor": true')
)
# Every access policy ends with a rule that the tenant made itself; no other rule, or only switched-off ones.
_CATCH_ALL: Final = Only(
    link=Link.CONTAINS,
    target=Selection(kind=Kind.POLICY_RULE, where=Compare(column="system", values=(True,))),
    besides=Selection(kind=Kind.POLICY_RULE, where=Compare(column="status", values=("INACTIVE",))),
)
ONLY_CATCH_ALL: Final = Linked(link=Link.GOVERNED_BY, target=Selection(kind=Kind.POLICY, where=_CATCH_ALL))


@rule
def governing(parse: Parse, at: int, kind: Kind, denied: bool) -> Iterator[Read[Condition]]:
    """A clause about what governs applications, or what rules do; `denied` where "not" stands before it."""
    if kind is Kind.APPLICATION:
        for word in parse.phrases(parse.lexicon.only_catch_all, at):
            yield Read(ONLY_CATCH_ALL, word.end)
        yield from _provisioned(parse, at)
    if kind is Kind.POLICY:
        for begin in (
            end for start in parse.starts(at) for word in ("for", "about") for end in parse.mark(word, start)
        ):
            for value in parse.phrases(parse.lexicon.values[kind], begin):
                if value.value.column == "type":
                    yield Read(Compare(column="type", values=(value.value.value,)), value.end)
        for word in parse.phrases(parse.lexicon.only_catch_all, at):
            yield Read(_CATCH_ALL, word.end)
    if kind is Kind.POLICY_RULE:
        yield from _asking_for_mfa(parse, at, denied)
    if kind is Kind.DEVICE:
        yield from _running(parse, at)
    if kind is Kind.GROUP_RULE:
        yield from _put_there(parse, at)


def _provisioned(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "With provisioning", "without user import"."""
    for having in parse.phrases(parse.lexicon.having, at):
        begins = [(having.end, having.value == "without")]
        begins += [(no.end, True) for no in parse.phrases(parse.lexicon.no, having.end) if having.value == "with"]
        for begin, none in begins if having.value != "assigned" else ():
            # "Provisioning enabled" is one thing; an application may also be enabled.
            ends = [word.end for word in parse.phrases(parse.lexicon.provisioning, begin)]
            found = [(parse.lexicon.provisioning_features, max(ends))] if ends else []
            for value in parse.phrases(parse.lexicon.values[Kind.APPLICATION], begin):
                if value.value.column == "features":
                    found.append(((value.value.value,), value.end))
            for values, end in found:
                said = Compare(column="features", values=values)
                yield Read(negated(said) if none else said, end)


def _running(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "(Devices) running iOS"."""
    for begin in (end for verb in ("running", "run", "runs", "on") for end in parse.mark(verb, at)):
        for value in parse.phrases(parse.lexicon.values[Kind.DEVICE], begin):
            if value.value.column == "platform":
                yield Read(Compare(column="platform", values=(value.value.value,)), value.end)


def _asking_for_mfa(parse: Parse, at: int, denied: bool) -> Iterator[Read[Condition]]:
    """ "That require MFA"; "without MFA", "that do not require MFA" are those that let in without it."""
    for word in parse.phrases(parse.lexicon.requires_mfa, at):
        lets_in = Compare(column="access", values=("ALLOW",))
        without = all_of((lets_in, negated(REQUIRES_MFA)))
        if without is not None and (denied or word.value == "no"):
            yield Read(negated(without) if denied else without, word.end)
        elif word.value == "yes":
            yield Read(REQUIRES_MFA, word.end)


def _put_there(parse: Parse, at: int) -> Iterator[Read[Condition]]:
    """ "(Which rule) put Dana in Sales": rules that fill the group, if she is in it."""
    for verb in parse.phrases(parse.lexicon.put, at):
        for person in thing(parse, verb.end, Kind.PERSON):
            for into in parse.phrases(parse.lexicon.links[Kind.PERSON], person.end):
                for group in thing(parse, into.end, Kind.GROUP) if into.value is Link.MEMBER_OF else ():
                    member = Linked(link=Link.HAS_MEMBER, target=Selection(kind=Kind.PERSON, where=person.value))
                    where = all_of((group.value, member))
                    filled = Linked(link=Link.FILLS, target=Selection(kind=Kind.GROUP, where=where))
                    yield Read(filled, group.end, person.cost + group.cost)
