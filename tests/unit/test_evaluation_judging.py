"""A question is dealt with rightly when it ends as its case expects; what misleads is wrong, all else falls short."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from evaluation import judging
from evaluation.asking import Asked
from evaluation.cases import AnswerCase, AskBackCase, Case, RefusalCase
from evaluation.judging import Judge, Mark
from evaluation.records import Records
from holdfast.answer import Outcome

_NOW = datetime(2026, 11, 20, tzinfo=UTC)
_PATHS = AnswerCase(
    kind="access", truth="paths", columns=("login", "path", "status"), enough=("login",), questions=("q",)
)
_ONE = AnswerCase(kind="people", truth="one", columns=("login",), questions=("q",))
_REFUSAL = RefusalCase(kind="refusals", refuse="unknown words", words=("cheese",), questions=("q",))
_ASK_BACK = AskBackCase(kind="ask-backs", asks=3, questions=("q",))


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    truths = {
        "one": lambda _: [("a",)],
        "paths": lambda _: iter([("a", "directly", "ACTIVE"), ("a", "Sales", "ACTIVE")]),
    }
    monkeypatch.setattr(judging, "TRUTHS", truths)
    families: dict[str, list[dict[str, Any]]] = {"users": [], "groups": [], "apps": [], "devices": []}
    return Judge(Records(families, _NOW))


def _answered(**columns: list[Any]) -> Asked:
    return Asked(Outcome.ANSWERED, 0.1, table=pl.DataFrame(columns))


def _refused(reason: str) -> Asked:
    return Asked(Outcome.REFUSED, 0.1, reason)


def _asked_back(*choices: str) -> Asked:
    return Asked(Outcome.NEEDS_CLARIFICATION, 0.1, "Which?", choices=choices)


@pytest.mark.parametrize(
    ("case", "asked", "mark"),
    [
        (_ONE, _answered(login=["a"]), Mark.RIGHT),
        (_ONE, _answered(login=["b"]), Mark.WRONG),
        (_ONE, _refused("no"), Mark.REFUSED),
        (_ONE, _asked_back("a", "b"), Mark.ASKED_BACK),
        (_ONE, Asked(Outcome.FAILED, 0.1, "The engine died."), Mark.FAILED),
        (_PATHS, _answered(login=["a", "a"], path=["Sales", "directly"]), Mark.RIGHT),
        (_PATHS, _answered(login=["a", "a"], path=["Sales", "directly"], status=["ACTIVE", "ACTIVE"]), Mark.RIGHT),
        (_PATHS, _answered(login=["a"]), Mark.RIGHT),
        (_PATHS, _answered(login=["a"], status=["ACTIVE"]), Mark.RIGHT),
        (_PATHS, _answered(path=["Sales", "directly"]), Mark.WRONG),
        (_PATHS, _answered(login=["a", "a"]), Mark.WRONG),
        (_REFUSAL, _refused("Not understood: cheese."), Mark.RIGHT),
        (_REFUSAL, _refused("No."), Mark.REFUSED),
        (_REFUSAL, Asked(Outcome.REFUSED, 0.1, "No.", not_understood=("cheese",)), Mark.RIGHT),
        (_REFUSAL, _answered(login=["a"]), Mark.WRONG),
        (_REFUSAL, _asked_back("a", "b"), Mark.ASKED_BACK),
        (_ASK_BACK, _asked_back("a", "b"), Mark.RIGHT),
        (_ASK_BACK, _asked_back("a"), Mark.ASKED_BACK),
        (_ASK_BACK, _answered(login=["a"]), Mark.WRONG),
        (_ASK_BACK, _refused("no"), Mark.REFUSED),
    ],
)
def test_an_end_is_marked_by_what_its_case_expects(case: Case, asked: Asked, mark: Mark, judge: Judge) -> None:
    verdict = judge.verdict(case, asked)
    assert verdict.mark is mark
    assert bool(verdict.why) is (mark is not Mark.RIGHT)


def test_a_truth_is_computed_once_for_all_its_questions(judge: Judge) -> None:
    for _ in range(2):
        assert judge.verdict(_PATHS, _answered(login=["a", "a"], path=["Sales", "directly"])).mark is Mark.RIGHT
