"""Numbers and comparisons as plain sentences that mean the same when they are asked."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING, Final

from holdfast.offline.columns import NOUNS
from holdfast.offline.meaning import (
    Alike,
    Breakdown,
    Condition,
    Flow,
    Holdings,
    Loss,
    Months,
    Named,
    Numbers,
    Peers,
    Selection,
    Spread,
    Within,
)
from holdfast.offline.meaning.links import LINKS, Kind, Link

if TYPE_CHECKING:
    from holdfast.offline.wording import Wording

_FLOWS: Final = {Flow.JOINED: "joined", Flow.HIRED: "were hired", Flow.LEFT: "left"}


class NumberWording:
    """Puts numbers and comparisons into words; `wording` has those for their parts."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    @singledispatchmethod
    def sentence(self, meaning: Numbers) -> str:
        """The whole question."""
        raise TypeError(f"{type(meaning).__name__} is no shape of numbers.")

    @sentence.register
    def _(self, meaning: Breakdown) -> str:
        kind = meaning.subject.kind
        by = f" by {self._attributes(kind, meaning.by)}" if meaning.by else ""
        order = ", lowest first" if meaning.lowest_first else ""
        things = self._things(meaning.subject)
        bounded = meaning.limit or meaning.ties or meaning.at_least is not None or meaning.at_most is not None
        if bounded:
            return self._bounded(meaning)
        if meaning.matching is None:
            return f"{'percentage' if meaning.percent else 'number'} of {things}{by}{order}"
        said = f"{'what percentage' if meaning.percent else 'how many'} of them {self._said(meaning.matching, kind)}"
        return f"number of {things}{by}, and {said}{order}"

    def _bounded(self, meaning: Breakdown) -> str:
        kind = meaning.subject.kind
        one, many = self._attributes(kind, meaning.by), self._wording.attributes(kind, meaning.by[0])
        counted = self._measured(meaning)
        if meaning.ties:
            return f"the {one} with the {'lowest' if meaning.lowest_first else 'highest'} {counted}"
        if meaning.limit:
            return f"{'bottom' if meaning.lowest_first else 'top'} {meaning.limit} {many} by {counted}"
        low, high = meaning.at_least, meaning.at_most
        number = f"between {low} and {high}" if low is not None and high is not None else ""
        number = number or (f"at least {low}" if high is None else f"at most {high}" if high else "no")
        return f"{many} with {number} {counted.removeprefix('number of ')}"

    def _measured(self, meaning: Breakdown) -> str:
        things = self._things(meaning.subject)
        if meaning.matching is None:
            return f"{'percentage' if meaning.percent else 'number'} of {things}"
        kind = meaning.subject.kind
        if meaning.percent:
            return f"percentage of {things} {self._said(meaning.matching, kind)}"
        return f"number of {self._things(Selection(kind=kind, where=meaning.matching))}"

    @sentence.register
    def _(self, meaning: Spread) -> str:
        figures = _list([figure.value for figure in meaning.figures])
        each = NOUNS[meaning.subject.kind].one if meaning.subject.where is None else self._things(meaning.subject)
        number = f"number of {self._counted(meaning.link, meaning.target)} per {each}"
        if meaning.ties and meaning.by:
            attribute = self._wording.attribute(meaning.subject.kind, meaning.by)
            return f"the {attribute} with the {'lowest' if meaning.lowest_first else 'highest'} {figures} {number}"
        by = f" by {self._attributes(meaning.subject.kind, (meaning.by,))}" if meaning.by else ""
        return f"{figures} {number}{by}{', lowest first' if meaning.lowest_first else ''}"

    @sentence.register
    def _(self, meaning: Peers) -> str:
        things, counted = self._things(meaning.subject), self._counted(meaning.link, meaning.target)
        ranked = f"{meaning.limit} {things} with the most {counted}"
        if meaning.limit is None:
            ranked = f"{things} by number of {counted}"
        return f"{ranked} compared with the median of their {self._wording.attribute(meaning.subject.kind, meaning.by)}"

    @sentence.register
    def _(self, meaning: Months) -> str:
        flows = _list([_FLOWS[flow] for flow in meaning.flows])
        span = self._wording.span(Within(column="created", start=meaning.start, end=meaning.end))
        return f"number of {self._things(meaning.subject)} who {flows} per month {span}"

    @sentence.register
    def _(self, meaning: Alike) -> str:
        kind = meaning.subject.kind
        pools = [[self._wording.attribute(kind, name) for name in columns] for columns in meaning.columns]
        alternatives = [
            f"the same {names[0]}" if names[1:] == [] else f"the same ({' or '.join(names)})" for names in pools
        ]
        return f"{self._things(meaning.subject)} that share {' or share '.join(alternatives)}"

    @sentence.register
    def _(self, meaning: Holdings) -> str:
        first, second = _person(meaning.first), _person(meaning.second)
        if meaning.who == ("first",):
            return f"what {first} has that {second} does not"
        if meaning.who == ("both",):
            return f"what {first} and {second} have in common"
        return f"comparison of {first} with {second}"

    @sentence.register
    def _(self, meaning: Loss) -> str:
        people, applications = self._things(meaning.people), self._things(meaning.applications)
        groups = " or ".join(f"the group {self._wording.quoted(n)}" for n in getattr(meaning.groups.where, "names", ()))
        things = applications if Kind.APPLICATION in meaning.kinds else NOUNS[Kind.ROLE].many
        if meaning.focus is Kind.PERSON:
            return f"{people} who would lose {things} without {groups}"
        if len(meaning.kinds) > 1:
            return f"what {people} would lose without {groups}"
        return f"{things} that {people} would lose without {groups}"

    def _things(self, selection: Selection) -> str:
        """Things of a kind, in parentheses where their end would not be plain; one that is named by its name."""
        if isinstance(selection.where, Named):
            noun = NOUNS[selection.kind].one
            return " or ".join(f"the {noun} {self._wording.quoted(name)}" for name in selection.where.names)
        things = self._wording.things(selection)
        return things if selection.where is None else f"({things})"

    def _counted(self, link: Link, target: Selection) -> str:
        if link is Link.MANAGES and target.where is None:
            return "direct reports"
        assert LINKS[link].target is target.kind
        return self._things(target)

    def _said(self, condition: Condition, kind: Kind) -> str:
        return f"({self._wording.condition(condition, kind)})"

    def _attributes(self, kind: Kind, columns: tuple[str, ...]) -> str:
        return _list([self._wording.attribute(kind, column) for column in columns])


def _person(selection: Selection) -> str:
    names = getattr(selection.where, "names", ())
    return " or ".join(f'the person "{name}"' for name in names)


def _list(words: list[str]) -> str:
    return f"{', '.join(words[:-1])}{' and ' if words[1:] else ''}{words[-1]}"
