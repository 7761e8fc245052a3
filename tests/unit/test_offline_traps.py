"""Questions whose nearest reading would be a wrong answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.answer import Refused
from holdfast.graph.vocabulary import Vocabulary
from tests.unit.offline_tenant import plan_of, read, words


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    directory: Path = tmp_path_factory.mktemp("words")
    return words(directory)


@pytest.mark.parametrize(
    "question",
    [
        "total number of group memberships",
        "how many group memberships do contractors have",
        "how many app assignments are there",
        "which apps do all contractors have access to",
        "which groups does every contractor belong to",
        "apps Dana can open through Finance",
        "who has only direct access to Old Wiki",
    ],
)
def test_what_the_nearest_reading_does_not_answer_is_refused(question: str, vocabulary: Vocabulary) -> None:
    assert isinstance(read(question, vocabulary), Refused)


@pytest.mark.parametrize(
    ("question", "understood"),
    [
        ("how many group memberships does Dana have", 'Number of groups that contain the person "dana@acme.example".'),
        (
            "active contractors and suspended contractors",
            '(whose status is active and whose user type is "Contractor") or '
            '(whose status is suspended and whose user type is "Contractor")',
        ),
        ("contractors' groups", 'Groups that contain people whose user type is "Contractor".'),
        ("apps through Finance", 'Applications that are assigned to the group "Finance".'),
    ],
)
def test_what_stands_near_a_trap_is_answered(question: str, understood: str, vocabulary: Vocabulary) -> None:
    assert understood in plan_of(question, vocabulary).understood_as
