"""Who is unknown: what the planner and the writer make of reads that failed for single things."""

from pathlib import Path

import pytest

from holdfast.graph.manifest import UnknownRead
from holdfast.graph.vocabulary import Vocabulary
from holdfast.offline.doubt import Unread
from holdfast.offline.meaning import StepMeaning, Tally, Things
from holdfast.offline.planner import understood
from holdfast.plan import Plan
from tests.unit.offline_tenant import NOW, SCHEMA, words


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    directory: Path = tmp_path_factory.mktemp("words")
    return words(directory)


def unread(family: str, relation: str, *people: str | None) -> Unread:
    return Unread(
        UnknownRead(
            family=family, label="User", relation=relation, subject_id=who, subject_name=who, reason="403 E0000006"
        )
        for who in people
    )


def plan_of(question: str, vocabulary: Vocabulary, unknown: Unread) -> Plan:
    plan = understood(question, vocabulary, SCHEMA, NOW, unknown)
    assert isinstance(plan, Plan), plan
    return plan


def meaning_of(plan: Plan) -> Things | Tally:
    meaning = StepMeaning.model_validate(plan.steps[0].parameters).meaning
    assert isinstance(meaning, Things | Tally)
    return meaning


def test_those_whose_factors_are_unknown_are_listed_where_the_question_hangs_on_factors(vocabulary: Vocabulary) -> None:
    hidden = unread("factors", "ENROLLED", "u1", "u2")
    plan = plan_of("active people with no SMS", vocabulary, hidden)
    assert meaning_of(plan).unsure == ("enrolled",)
    assert StepMeaning.model_validate(plan.steps[0].parameters).columns[-1].name == "fits"
    assert "The factors of 2 people could not be read" in plan.understood_as
    assert meaning_of(plan_of("people who never logged in", vocabulary, hidden)).unsure == ()


def test_nobody_is_listed_as_unknown_where_all_was_read(vocabulary: Vocabulary) -> None:
    assert meaning_of(plan_of("people with no SMS", vocabulary, Unread())).unsure == ()
    assert meaning_of(plan_of("people with no SMS", vocabulary, unread("user_roles", "HAS_ROLE", "u1"))).unsure == ()


def test_a_count_tells_that_those_unknown_are_counted_apart(vocabulary: Vocabulary) -> None:
    plan = plan_of("how many people have no SMS", vocabulary, unread("factors", "ENROLLED", None))
    assert "The factors of any person could not be read" in plan.understood_as
    assert "counted apart" in plan.understood_as
