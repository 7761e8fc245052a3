"""What a question's end is worth, held against what its case expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

from evaluation.asking import Asked
from evaluation.cases import AnswerCase, AskBackCase, Case, RefusalCase
from evaluation.comparison import TrueTable, difference
from evaluation.records import Records
from evaluation.truths import TRUTHS
from holdfast.answer import Outcome


class Mark(StrEnum):
    """How a question was dealt with. All but `right` are short of what was expected; only `wrong` misleads."""

    RIGHT = "right"
    REFUSED = "refused"
    ASKED_BACK = "asked back"
    FAILED = "failed"
    WRONG = "wrong"


@dataclass(frozen=True)
class Verdict:
    """`why` is empty where the question was dealt with rightly."""

    mark: Mark
    why: str = ""


_RIGHT = Verdict(Mark.RIGHT)
_SHORT = {
    Outcome.REFUSED: Mark.REFUSED,
    Outcome.NEEDS_CLARIFICATION: Mark.ASKED_BACK,
    Outcome.FAILED: Mark.FAILED,
}


class Judge:
    """Knows what is true of one tenant."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._rows: dict[str, tuple[Sequence[Any], ...]] = {}

    def verdict(self, case: Case, asked: Asked) -> Verdict:
        """Whether the question ended as its case expects; an answer to what should have none is wrong."""
        match case:
            case AnswerCase():
                return self._of_an_answer(case, asked)
            case RefusalCase():
                return _of_a_refusal(case, asked)
            case AskBackCase():
                return _of_a_question_back(asked)

    def truth(self, case: AnswerCase) -> TrueTable:
        """What is true, computed once."""
        if case.truth not in self._rows:
            self._rows[case.truth] = tuple(TRUTHS[case.truth](self._records))
        return TrueTable.of(case.columns, self._rows[case.truth], case.ordered)

    def _of_an_answer(self, case: AnswerCase, asked: Asked) -> Verdict:
        truth = self.truth(case)
        verdict = verdict_of_rows(truth, asked)
        if verdict.mark is Mark.WRONG and case.enough:
            # What was not asked for may be missing, in any combination.
            surplus = [name for name in case.columns if name not in case.enough]
            for number in range(len(surplus)):
                for more in combinations(surplus, number):
                    if verdict_of_rows(truth.distinct([*case.enough, *more]), asked).mark is Mark.RIGHT:
                        return _RIGHT
        return verdict


def verdict_of_rows(truth: TrueTable, asked: Asked) -> Verdict:
    """Whether the answer holds what is true."""
    if asked.table is None:
        return _short(asked)
    found = difference(asked.table, truth)
    return Verdict(Mark.WRONG, found) if found else _RIGHT


def _of_a_refusal(case: RefusalCase, asked: Asked) -> Verdict:
    if asked.outcome is not Outcome.REFUSED:
        return _answered_or_short(asked, "refused")
    unnamed = [word for word in case.words if word not in asked.not_understood and word not in asked.message]
    if unnamed:
        return Verdict(Mark.REFUSED, f"the reason does not name {', '.join(unnamed)}: {asked.message}")
    return _RIGHT


def _of_a_question_back(asked: Asked) -> Verdict:
    if asked.outcome is Outcome.NEEDS_CLARIFICATION and len(asked.choices) > 1:
        return _RIGHT
    return _answered_or_short(asked, "asked back")


def _answered_or_short(asked: Asked, expected: str) -> Verdict:
    if asked.outcome is Outcome.ANSWERED:
        return Verdict(Mark.WRONG, f"answered, and should have been {expected}")
    return _short(asked)


def _short(asked: Asked) -> Verdict:
    return Verdict(_SHORT[asked.outcome], asked.message)
