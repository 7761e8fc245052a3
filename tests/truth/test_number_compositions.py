"""Random questions for numbers: none is answered otherwise than the export says, and most are answered."""

from __future__ import annotations

from collections import Counter
from random import Random

from evaluation.compositions.numbers import number_question
from evaluation.judging import Mark, verdict_of_rows
from tests.truth.conftest import Company

# Of each of three companies.
_COMPOSITIONS = 60
# Not every phrase is understood beside every other; that is no error, as long as it is rare.
_RIGHT_AT_LEAST = 0.85


async def test_numbers_asked_for_at_random_are_as_the_export_says(company: Company) -> None:
    marks: Counter[Mark] = Counter()
    random = Random(company.seed)
    for _ in range(_COMPOSITIONS):
        question, truth = number_question(random, company.records)
        asked = await company.asker.ask(question)
        verdict = verdict_of_rows(truth, asked)
        assert verdict.mark is not Mark.WRONG, f"{question}\n{asked.understood_as}\n{verdict.why}"
        marks[verdict.mark] += 1
    assert marks[Mark.RIGHT] >= _RIGHT_AT_LEAST * _COMPOSITIONS, marks
