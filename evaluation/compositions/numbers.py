"""Random questions for numbers of people, with what is true of them: parts, breakdowns, medians, months, bounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import mean, median
from typing import Any

from evaluation.comparison import TrueTable
from evaluation.compositions.clauses import Fits
from evaluation.compositions.kinds import PEOPLE, Attribute
from evaluation.records import Records, moment


@dataclass(frozen=True)
class _People:
    """Some people in words, and which they are for sure."""

    t: Records
    words: str
    ids: Sequence[str]

    def by(self, *attributes: Attribute) -> dict[tuple[Any, ...], list[str]]:
        found: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        for i in self.ids:
            found[tuple(attribute.value(self.t, i) for attribute in attributes)].append(i)
        return found


_Made = tuple[str, TrueTable]


def number_question(random: Random, t: Records) -> tuple[str, TrueTable]:
    """A question for numbers of some people, and what is true."""
    return random.choice(_FORMS)(random, _people(random, t))


def _people(random: Random, t: Records) -> _People:
    head, is_meant = random.choice(PEOPLE.heads)
    ids = [i for i in PEOPLE.ids(t) if is_meant(t, i)]
    if random.random() < 0.3:
        return _People(t, head, ids)
    said, fits = _phrase(random, t)
    return _People(t, f"({head} {said})", [i for i in ids if fits(i)])


def _phrase(random: Random, t: Records) -> tuple[str, Fits]:
    while True:
        phrase = random.choice(PEOPLE.phrases)(random, t)
        if not phrase.is_last:
            return phrase.said, phrase.fits


def _attributes(random: Random, number: int) -> list[Attribute]:
    return random.sample(PEOPLE.attributes, number)


def _by_two(random: Random, people: _People) -> _Made:
    one, two = _attributes(random, 2)
    template = random.choice(
        ("{} by {} and {}", "number of {} per {} and {}", "how many {} are there by {} and by {}?")
    )
    rows = [(*values, len(ids)) for values, ids in people.by(one, two).items()]
    return template.format(people.words, one.words, two.words), TrueTable.of(
        [one.column, two.column, "person_count"], rows
    )


def _part(random: Random, people: _People) -> _Made:
    (by,) = _attributes(random, 1)
    said, fits = _phrase(random, people.t)
    rows = []
    for (value,), ids in people.by(by).items():
        told = [fits(i) for i in ids]
        known = len(told) - told.count(None)
        rows.append((value, len(ids), told.count(True), 100 * told.count(True) / known if known else None))
    question = f"number of {people.words} by {by.words}, and what percentage of them ({said})"
    if not rows or any(row[3] is None for row in rows):
        return _by_two(random, people)
    return question, TrueTable.of([by.column, "person_count", "matching_count", "percent"], rows)


def _bounded(random: Random, people: _People) -> _Made:
    by = PEOPLE.attributes[0]
    number = random.randint(1, 12)
    rows = [(value, len(ids)) for (value,), ids in people.by(by).items() if value and len(ids) >= number]
    return f"departments with at least {number} {people.words}", TrueTable.of([by.column, "person_count"], rows)


def _spread(random: Random, people: _People) -> _Made:
    (by,) = _attributes(random, 1)
    what, number = random.choice(_NUMBERS)
    word, figure = random.choice(_FIGURES)
    rows = [(value, len(ids), figure([number(people.t, i) for i in ids])) for (value,), ids in people.by(by).items()]
    question = f"{word} number of {what} per {people.words} by {by.words}"
    return question, TrueTable.of([by.column, "person_count", "figure"], rows)


_NUMBERS: Sequence[tuple[str, Callable[[Records, str], int]]] = (
    ("groups", lambda t, i: len(t.groups_of[i])),
    ("apps", lambda t, i: len(t.opens[i])),
    ("devices", lambda t, i: len(t.devices_of[i])),
)
_FIGURES: Sequence[tuple[str, Callable[[list[int]], float]]] = (
    ("median", median),
    ("average", mean),
    ("maximum", max),
    ("minimum", min),
)


def _months(random: Random, people: _People) -> _Made:
    first = random.randint(1, 9)
    months = [f"2026-{month:02d}" for month in range(first, 12)]
    created = [moment(people.t.users[i]["created"]).strftime("%Y-%m") for i in people.ids]
    rows = [(month, created.count(month)) for month in months]
    question = f"number of {people.words} who joined per month since 2026-{first:02d}-01"
    return question, TrueTable.of(["month", "joined"], rows)


_FORMS: Sequence[Callable[[Random, _People], _Made]] = (_by_two, _part, _part, _bounded, _spread, _months)
