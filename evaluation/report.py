"""The results by kind of question: a table for people, JSON for programs, Markdown for `docs/`."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from evaluation.judging import Mark
from evaluation.running import Result

_COLUMNS = (
    "kind",
    "questions",
    "right",
    "refused",
    "asked back",
    "failed",
    "wrong",
    "right of expected",
    "tokens each",
    "cost",
    "median s",
    "p95 s",
)
EVERYTHING = "everything"
ANSWERABLE = "all answerable"


@dataclass(frozen=True)
class Line:
    """The figures of one kind of question. Tokens and cost are None where no model was asked, or a price is unknown."""

    kind: str
    questions: int
    marks: Counter[Mark]
    # Of those that every planner is expected to deal with: answered, refused or asked back as the bank says.
    right_of_expected: float | None
    tokens_each: float | None
    cost_usd: float | None
    median_seconds: float
    p95_seconds: float

    @staticmethod
    def of(kind: str, results: Sequence[Result]) -> Line:
        """Raises ValueError (of statistics) where there are no results."""
        expected = [result.mark is Mark.RIGHT for result in results if result.expected]
        asked_models = [result for result in results if result.input_tokens is not None]
        costs = [result.cost_usd for result in asked_models]
        known = [cost for cost in costs if cost is not None]
        seconds = sorted(result.seconds for result in results)
        tokens = [(result.input_tokens or 0) + (result.output_tokens or 0) for result in asked_models]
        return Line(
            kind=kind,
            questions=len(results),
            marks=Counter(result.mark for result in results),
            right_of_expected=100 * sum(expected) / len(expected) if expected else None,
            tokens_each=statistics.fmean(tokens) if tokens else None,
            cost_usd=sum(known) if known and len(known) == len(costs) else None,
            median_seconds=statistics.median(seconds),
            p95_seconds=seconds[math.ceil(0.95 * len(seconds)) - 1],
        )

    def cells(self) -> tuple[str, ...]:
        """As the tables show it."""
        unpriced = "–" if self.tokens_each is None else "unknown"
        return (
            self.kind,
            str(self.questions),
            *(str(self.marks[mark]) for mark in Mark),
            "–" if self.right_of_expected is None else f"{self.right_of_expected:.1f} %",
            "–" if self.tokens_each is None else f"{self.tokens_each:,.0f}",
            unpriced if self.cost_usd is None else f"${self.cost_usd:.4f}",
            f"{self.median_seconds:.3f}",
            f"{self.p95_seconds:.3f}",
        )

    def as_json(self) -> dict[str, Any]:
        """With a key for each mark."""
        data = asdict(self)
        del data["marks"]
        return data | {mark.value.replace(" ", "_"): self.marks[mark] for mark in Mark}


def lines(results: Sequence[Result]) -> list[Line]:
    """One for each kind, in alphabetical order, then all that should be answered, then everything."""
    kinds = sorted({result.kind for result in results})
    found = [Line.of(kind, [result for result in results if result.kind == kind]) for kind in kinds]
    answerable = [result for result in results if result.answerable]
    if answerable:
        found.append(Line.of(ANSWERABLE, answerable))
    return [*found, Line.of(EVERYTHING, results)]


def as_table(results: Sequence[Result]) -> Table:
    """For a terminal."""
    table = Table()
    for place, name in enumerate(_COLUMNS):
        table.add_column(name, justify="right" if place else "left")
    for line in lines(results):
        if line.kind in (ANSWERABLE, EVERYTHING):
            table.add_section()
        table.add_row(*line.cells(), style="bold red" if line.marks[Mark.WRONG] else None)
    return table


def as_json(results: Sequence[Result], about: dict[str, Any]) -> dict[str, Any]:
    """`about` says what was run; every question follows, with how it was understood and what it took."""
    questions = [asdict(result) for result in results]
    return about | {"kinds": [line.as_json() for line in lines(results)], "questions": questions}


def as_markdown(results: Sequence[Result]) -> str:
    """A table."""
    rows = [_COLUMNS, ("---", *("---:" for _ in _COLUMNS[1:])), *(line.cells() for line in lines(results))]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def not_right(results: Iterable[Result]) -> list[str]:
    """A line for each question that was not dealt with as it should be, the wrong ones first."""
    short = [result for result in results if result.expected and result.mark is not Mark.RIGHT]
    short += [result for result in results if not result.expected and result.mark is Mark.WRONG]
    short.sort(key=lambda result: result.mark is not Mark.WRONG)
    return [
        f"{result.mark.upper()} (seed {result.seed}, {result.kind}) {result.question}\n"
        f"    understood as: {result.understood_as or '–'}\n    {result.why}"
        for result in short
    ]
