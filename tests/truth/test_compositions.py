"""Random questions: none is answered otherwise than the export says, and most are answered."""

from __future__ import annotations

from collections import Counter

from evaluation.compositions import compositions
from evaluation.judging import Mark, verdict_of_rows
from evaluation.shrinking import smallest_wrong
from tests.truth.conftest import Company

# Of each of three companies; `make eval` asks some 2,000.
_COMPOSITIONS = 100
# Not every phrase is understood beside every other; that is no error, as long as it is rare.
_RIGHT_AT_LEAST = 0.85


async def test_questions_put_together_at_random_are_answered_as_the_export_says(company: Company) -> None:
    marks: Counter[Mark] = Counter()
    for made in compositions(_COMPOSITIONS, company.seed, company.records):
        asked = await company.asker.ask(made.question)
        verdict = verdict_of_rows(made.truth, asked)
        marks[verdict.mark] += 1
        if verdict.mark is Mark.WRONG:
            smallest = await smallest_wrong(made, company.asker.ask)
            raise AssertionError(
                f"{made.question}\n{asked.understood_as}\n{verdict.why}\nalready wrong: {smallest.question}"
            )
    assert marks[Mark.RIGHT] >= _RIGHT_AT_LEAST * _COMPOSITIONS, marks
