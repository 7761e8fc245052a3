"""The bank says what it means: nothing twice, nothing unasked, nothing misspelt."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from evaluation.cases import AnswerCase, AskBackCase, BankError, RefusalCase, bank
from evaluation.truths import TRUTHS


def test_no_question_is_asked_twice() -> None:
    times = Counter(question for case in bank() for question in case.questions)
    assert [question for question, number in times.items() if number > 1] == []


def test_every_truth_is_asked_and_every_question_has_its_truth() -> None:
    asked = {case.truth for case in bank() if isinstance(case, AnswerCase)}
    assert asked == set(TRUTHS)


def test_a_case_is_counted_under_its_kind_or_else_under_its_file(tmp_path: Path) -> None:
    (tmp_path / "ask_backs.toml").write_text('[[case]]\nasks = 2\nquestions = ["a"]\n')
    (tmp_path / "groups.toml").write_text('[[case]]\nkind = "people"\nrefuse = "live"\nquestions = ["b"]\n')
    assert bank(tmp_path) == [
        AskBackCase(kind="ask-backs", asks=2, questions=("a",)),
        RefusalCase(kind="people", refuse="live", questions=("b",)),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[case]]\ntruth = "x"\ncolumns = ["a"]\nquestions = ["a"]\nanswerabel = false', "answerabel"),
        ('[[case]]\ntruth = "x"\ncolumns = ["a"]\nquestions = []', "questions"),
        ('[[case]]\ntruth = "x"\nquestions = ["a"]', "columns"),
        ('[[case]]\ntruth = "x"\ncolumns = ["a"]\nenough = ["b"]\nquestions = ["a"]', "no column: b"),
        ('[[case]]\ntruth = "x"\ncolumns = ["a"]\nordered = ["c"]\nquestions = ["a"]', "no column: c"),
        ('[[case]]\nrefuse = "because"\nquestions = ["a"]', "because"),
        ('[[case]]\nasks = 1\nquestions = ["a"]', "asks"),
        ('[[cases]]\nasks = 2\nquestions = ["a"]', "cases"),
        ("[[case]", "Expected"),
    ],
)
def test_a_case_that_is_not_understood_is_refused_by_name(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "groups.toml").write_text(text)
    with pytest.raises(BankError, match=r"groups\.toml") as refused:
        bank(tmp_path)
    assert said in str(refused.value)
