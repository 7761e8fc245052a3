"""Whole questions: a noun, a clause and a shape of answer, with what is true of the tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from evaluation.comparison import UNKNOWN, TrueTable
from evaluation.compositions import clauses
from evaluation.compositions.beside import beside
from evaluation.compositions.clauses import NOTHING_SAID, SEVERAL, Clause, Fits, Phrase, all_of
from evaluation.compositions.figures import figure
from evaluation.compositions.kinds import APPLICATIONS, DEVICES, GROUP_RULES, GROUPS, PEOPLE, POLICIES, ZONES, Kind
from evaluation.compositions.numbers import number_question
from evaluation.compositions.rankings import ranking
from evaluation.records import Records

_LISTS = ("list {}", "show me {}", "which {} are there?", "{}", "give me all {}", "find {}, please")
_COUNTS = ("how many {} are there?", "count {}", "number of {}")
_TALLIES = ("number of {} by {}", "{} by {}", "{} per {}", "count {} by {}")
# Questions that are no noun with a clause, each with the share of all up to which it is asked.
_WHOLE = ((0.05, ranking), (0.15, figure), (0.20, beside), (0.25, number_question))
_KINDS = (*[PEOPLE] * 9, *[GROUPS] * 4, *[APPLICATIONS] * 4, *[DEVICES] * 2, POLICIES, GROUP_RULES, ZONES)


@dataclass(frozen=True)
class Composition:
    """A question and its answer. `simpler` are questions that say less, in the same way."""

    question: str
    truth: TrueTable
    simpler: Callable[[], Iterator[Composition]] = lambda: iter(())


def compositions(number: int, seed: int, t: Records) -> Iterator[Composition]:
    """So many random questions of a tenant, the same ones for the same seed."""
    random = Random(seed)
    for _ in range(number):
        way = random.random()
        made = next((make(random, t) for below, make in _WHOLE if way < below), None)
        yield Composition(*made) if made is not None else _Sketch.random(random, t).composition()


@dataclass(frozen=True)
class _Sketch:
    """What a question is put together from."""

    t: Records
    kind: Kind
    head: str
    is_meant: Callable[[Records, str], bool]
    clause: Clause
    shape: Callable[[_Sketch], tuple[str, TrueTable]]

    @staticmethod
    def random(random: Random, t: Records) -> _Sketch:
        kind = random.choice(_KINDS)
        head, is_meant = random.choice(kind.heads)
        clause = _clause(random, t, kind)
        return _Sketch(t, kind, head, is_meant, clause, _shape(random, kind))

    @property
    def things(self) -> str:
        return f"{self.head} {self.clause.words}".strip()

    def meant(self) -> dict[str, bool | None]:
        """Id → whether it is asked for, of those that are or may be."""
        fits: Fits = lambda i: all_of([self.is_meant(self.t, i), self.clause.fits(i)])  # noqa: E731
        judged = {i: fits(i) for i in self.kind.ids(self.t)}
        return {i: value for i, value in judged.items() if value is not False}

    def composition(self) -> Composition:
        question, truth = self.shape(self)
        return Composition(question, truth, self._simpler)

    def _simpler(self) -> Iterator[Composition]:
        for clause in (*self.clause.simpler, *([NOTHING_SAID] if self.clause.words else ())):
            yield _Sketch(self.t, self.kind, self.head, self.is_meant, clause, self.shape).composition()
        plain, is_meant = self.kind.heads[0]
        if plain != self.head:
            yield _Sketch(self.t, self.kind, plain, is_meant, self.clause, self.shape).composition()


def _clause(random: Random, t: Records, kind: Kind) -> Clause:
    phrases = _phrases(random, t, kind)
    bare = [phrase for phrase in phrases if phrase.bare]
    way = random.random()
    if way < 0.1 and len(bare) >= 2:
        return clauses.neither(bare[0], bare[1])
    if way < 0.2 and len(phrases) >= 2 and bare and bare[-1] is not phrases[0] and not phrases[0].is_last:
        return clauses.but_not(clauses.said(phrases[0]), bare[-1])
    parts = [clauses.denied(phrase) if random.random() < 0.3 else clauses.said(phrase) for phrase in phrases]
    if way < 0.27 and kind.exceptions and not phrases[0].is_last:
        noun, fits = random.choice(kind.exceptions)
        return clauses.excepting(parts[0], noun, lambda i: fits(t, i))
    if len(parts) == 1:
        return parts[0]
    if way < 0.35 and len(parts) == 3:
        return clauses.both(clauses.in_parentheses(clauses.either(parts[0], parts[1])), parts[2])
    return clauses.either(*parts) if way < 0.55 else clauses.both(*parts)


def _phrases(random: Random, t: Records, kind: Kind) -> list[Phrase]:
    """One to three; what holds a clause of its own stands last."""
    made = [random.choice(kind.phrases)(random, t) for _ in range(random.choice((1, 1, 2, 2, 3)))]
    once = list({phrase.said: phrase for phrase in made}.values())
    inner = [phrase for phrase in once if phrase.is_last]
    return [phrase for phrase in once if not phrase.is_last] + inner[:1]


def _shape(random: Random, kind: Kind) -> Callable[[_Sketch], tuple[str, TrueTable]]:
    way = random.random()
    if way < 0.2:
        template = random.choice(_COUNTS)
        return lambda sketch: (template.format(sketch.things), _counted(sketch))
    if way < 0.35 and kind.attributes:
        attribute, template = random.choice(kind.attributes), random.choice(_TALLIES)
        return lambda sketch: (
            template.format(sketch.things, attribute.words),
            _tallied(sketch, attribute.column, attribute.value),
        )
    template = random.choice(_LISTS)
    return lambda sketch: (template.format(sketch.things), _listed(sketch))


def _listed(sketch: _Sketch) -> TrueTable:
    meant, kind, t = sketch.meant(), sketch.kind, sketch.t
    columns, rows = [kind.column], [[kind.name(t, i)] for i in meant]
    marks = list(meant.values())
    if sketch.clause.opens not in (None, SEVERAL):
        # Who can open one application, and what one person can open, comes with the ways there.
        ends = [(user, app, path) if kind is PEOPLE else (app, user, path) for user, app, path in t.paths]
        paths = [(i, path) for i, other, path in ends if other == sketch.clause.opens and i in meant]
        columns, rows = [*columns, "path"], [[kind.name(t, i), path] for i, path in paths]
        marks = [meant[i] for i, _ in paths]
    if None in marks:
        columns = [*columns, "fits"]
        rows = [[*row, "yes" if mark else UNKNOWN] for row, mark in zip(rows, marks, strict=True)]
    return TrueTable.of(columns, rows)


def _counted(sketch: _Sketch) -> TrueTable:
    marks = Counter(sketch.meant().values())
    if marks[None]:
        return TrueTable.of([sketch.kind.count, "unknown_count"], [[marks[True], marks[None]]])
    return TrueTable.of([sketch.kind.count], [[marks[True]]])


def _tallied(sketch: _Sketch, column: str, value: Callable[[Records, str], Any]) -> TrueTable:
    meant = sketch.meant()
    yes = Counter(value(sketch.t, i) for i, mark in meant.items() if mark)
    unknown = Counter(value(sketch.t, i) for i, mark in meant.items() if mark is None)
    if unknown:
        values: Sequence[Any] = list(dict.fromkeys((*yes, *unknown)))
        rows = [(v, yes[v], unknown[v]) for v in values]
        return TrueTable.of([column, sketch.kind.count, "unknown_count"], rows)
    return TrueTable.of([column, sketch.kind.count], list(yes.items()))
