from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.answer import NeedsClarification, Refused
from holdfast.errors import PlanRejected
from holdfast.graph.guard import guarded
from holdfast.graph.vocabulary import Vocabulary
from holdfast.offline.meaning import StepMeaning
from holdfast.offline.meaning.links import LINKS
from holdfast.offline.queries.cypher import quoted
from holdfast.offline.reading.lexicon import lexicon
from holdfast.offline.reading.tokens import tokenise
from holdfast.offline.writer import compiled
from holdfast.plan import CypherStep, Plan
from tests.unit.offline_tenant import SCHEMA, condition_of, plan_of, read, words


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    directory: Path = tmp_path_factory.mktemp("words")
    return words(directory)


def test_a_status_and_what_was_understood_are_told(vocabulary: Vocabulary) -> None:
    plan = plan_of("Show me all locked out users, please", vocabulary)
    assert plan.understood_as == "People whose status is locked out."
    assert plan.confidence == 1.0


def test_without_a_word_about_status_the_answer_says_that_everybody_is_in_it(vocabulary: Vocabulary) -> None:
    assert "also deprovisioned ones" in plan_of("people in the Finance department", vocabulary).understood_as


def test_who_has_not_signed_in_includes_who_never_did_and_says_so(vocabulary: Vocabulary) -> None:
    plan = plan_of("users who have not signed in for 90 days", vocabulary)
    assert "People who never signed in are included." in plan.understood_as
    assert (
        "People who never signed in"
        not in plan_of("users who last logged in over 90 days ago", vocabulary).understood_as
    )


def test_an_inactive_application_is_told_to_be_closed(vocabulary: Vocabulary) -> None:
    assert "nobody can open it now" in plan_of("who can open Old Wiki", vocabulary).understood_as


def test_a_name_of_two_kinds_is_asked_back_unless_the_grammar_decides(vocabulary: Vocabulary) -> None:
    asked = read("people in Finance", vocabulary)
    assert isinstance(asked, NeedsClarification)
    assert set(asked.choices) == {'people who are in the group "Finance"', 'people whose department is "Finance"'}
    for decided in ("members of Finance", "people in the Finance group", "people in the Finance department"):
        assert isinstance(read(decided, vocabulary), Plan), decided


def test_two_people_of_one_name_are_told_apart_by_their_logins(vocabulary: Vocabulary) -> None:
    asked = read("groups of Max Lee", vocabulary)
    assert isinstance(asked, NeedsClarification)
    assert [login in choice for login, choice in zip(("max1@", "max2@"), asked.choices, strict=True)] == [True, True]


def test_the_beginning_of_one_name_is_taken_with_less_confidence_and_said(vocabulary: Vocabulary) -> None:
    plan = plan_of("who can open AWS", vocabulary)
    assert plan.confidence == 0.8
    assert '"AWS Identity Center"' in plan.understood_as
    assert "completed from its beginning" in plan.understood_as


def test_a_refusal_names_the_words_and_the_nearest_that_would_be_understood(vocabulary: Vocabulary) -> None:
    refused = read("people in the Finance department who juggle", vocabulary)
    assert isinstance(refused, Refused)
    assert refused.not_understood == ("juggle",)
    assert 'people whose department is "Finance"' in refused.reason


@pytest.mark.parametrize("nothing", ["", "???", "  ", "!"])
def test_no_question_is_told_to_be_none(nothing: str, vocabulary: Vocabulary) -> None:
    refused = read(nothing, vocabulary)
    assert isinstance(refused, Refused)
    assert "no question" in refused.reason


def test_a_question_of_many_words_or_readings_is_refused_soon(vocabulary: Vocabulary) -> None:
    for long in ("active " * 200 + "users", "users " + " or ".join(["in Finance", "in Berlin"] * 12)):
        assert isinstance(read(long, vocabulary), Refused)


def test_custom_attributes_of_the_tenant_are_understood(vocabulary: Vocabulary) -> None:
    assert condition_of("privileged users", vocabulary) == {
        "type": "compare",
        "column": "is_privileged",
        "operator": "is",
        "values": [True],
    }
    assert condition_of("people whose certifications include cissp", vocabulary) == {
        "type": "compare",
        "column": "certifications",
        "operator": "is",
        "values": ["CISSP"],
    }


def test_what_a_text_contains_keeps_its_accents(vocabulary: Vocabulary) -> None:
    assert condition_of("users whose last name contains Brûl", vocabulary)["values"] == ["Brûl"]


def test_a_condition_after_not_is_denied_and_not_more(vocabulary: Vocabulary) -> None:
    condition = condition_of("users who are not active and in the Finance department", vocabulary)
    assert condition["type"] == "all"
    assert [part["type"] for part in condition["conditions"]] == ["not", "compare"]


def test_and_beside_or_is_asked_back(vocabulary: Vocabulary) -> None:
    asked = read("users who are active or in Berlin and in the Finance department", vocabulary)
    assert isinstance(asked, NeedsClarification)
    assert len(asked.choices) == 2


def test_further_relations_of_the_same_people_become_steps_that_join(vocabulary: Vocabulary) -> None:
    plan = plan_of("active users and their groups and apps", vocabulary)
    assert [step.id for step in plan.steps] == ["main", "member_of", "can_open"]
    assert [StepMeaning.model_validate(step.parameters).join for step in plan.steps[1:]] != [None, None]


@pytest.mark.parametrize(
    "question",
    [
        "who can open Old Wiki but not AWS Identity Center",
        "which groups have no members",
        "apps with nobody assigned",
        "people per department",
        "top 5 groups by members",
        "users with no factor",
        'people whose last name contains "\'); --"',
        'members of the group "=Tables\'); --"',
        "members of 🚀 Launch",
        "admin roles of Dana",
        "active users and their groups and apps",
        "how many people hold an admin role",
    ],
)
def test_every_query_passes_the_guard(question: str, vocabulary: Vocabulary) -> None:
    for step in plan_of(question, vocabulary).steps:
        query = compiled(StepMeaning.model_validate(step.parameters).meaning, SCHEMA)
        assert "ORDER BY" in query or "count(*)" in query
        assert guarded(query, SCHEMA).labels


def test_a_column_that_the_snapshot_has_not_is_refused(vocabulary: Vocabulary) -> None:
    plan = plan_of("privileged users", vocabulary)
    smaller = SCHEMA.model_copy(update={"nodes": SCHEMA.nodes[1:]})
    with pytest.raises(PlanRejected, match="ask again"):
        compiled(StepMeaning.model_validate(plan.steps[0].parameters).meaning, smaller)


@given(text=st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_plan_a_refusal_or_a_question(text: str, vocabulary: Vocabulary) -> None:
    assert read(text, vocabulary) is not None


_PHRASES = sorted({word for table in lexicon().tables for word, _ in table.first_words()})


@given(phrases=st.lists(st.sampled_from(_PHRASES), max_size=9))
@settings(max_examples=200, deadline=None)
def test_words_of_the_lexicon_in_any_order_never_break_the_planner(phrases: list[str], vocabulary: Vocabulary) -> None:
    found = read(" ".join(phrases), vocabulary)
    if isinstance(found, Plan):
        for step in (step for step in found.steps if isinstance(step, CypherStep)):
            assert guarded(compiled(StepMeaning.model_validate(step.parameters).meaning, SCHEMA), SCHEMA).text


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co", "Cf", "Zl", "Zp")), max_size=40)
)
def test_a_literal_holds_exactly_its_text(text: str) -> None:
    query = guarded(f"MATCH (s:User) WHERE s.login = {quoted(text)} RETURN s.id AS user_id", SCHEMA).text
    assert quoted(text) in query


@given(st.text(max_size=80))
def test_tokens_keep_their_places_in_the_question(question: str) -> None:
    for token in tokenise(question):
        assert question[token.start : token.end] == token.text


def test_every_link_leads_back_to_where_it_came_from() -> None:
    for link, ends in LINKS.items():
        assert LINKS[ends.inverse].inverse is link
        assert (LINKS[ends.inverse].source, LINKS[ends.inverse].target) == (ends.target, ends.source)
