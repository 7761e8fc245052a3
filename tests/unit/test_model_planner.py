"""Whatever a model writes becomes a plan, a refusal or a question back that anyone may show, or is rejected."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.answer import NeedsClarification, Refused
from holdfast.errors import PlanRejected
from holdfast.models.planner import PlanDraft, PlannedStep, outcome_of
from holdfast.models.preplanner import MOST_CHARACTERS, MOST_CHOICES, Ambiguity
from holdfast.plan import Plan

_TEXT = st.text(max_size=700) | st.sampled_from(["", " ", "People.", "![x](http://a.example)", "a\u202eb"])
# Mostly of what a model might write, or no draft would ever be a plan.
_WORDS = st.sampled_from(["People.", " ", "a\u202eb", "![x](http://a.example)", "two\nlines"])
_IDS = st.sampled_from(["a", "a", "b", "c", "No Id", ""])
_TOOLS: st.SearchStrategy[tuple[str, str | None]] = st.sampled_from(
    [
        ("cypher", None),
        ("api", None),
        ("sql", None),
        ("special", None),
        ("special", "no JSON"),
        ("special", '{"name": "x", "user": {"deep": 1}}'),
        ("special", '{"name": "user_app_access", "user": "Ann"}'),
    ]
)
_CYPHER = st.builds(
    PlannedStep,
    id=_IDS,
    tool=st.just("cypher"),
    special=st.none(),
    entity=_WORDS,
    operation=_WORDS,
    query_context=_WORDS,
    depends_on=st.just(()) | st.lists(_IDS, max_size=2).map(tuple),
    critical=st.booleans(),
    reasoning=_WORDS,
)
_STEPS = st.builds(lambda step, tool: step.model_copy(update={"tool": tool[0], "special": tool[1]}), _CYPHER, _TOOLS)
_AMBIGUITIES = st.builds(Ambiguity, question=_TEXT, choices=st.lists(_TEXT, max_size=12).map(tuple))


def _drafts(
    steps: st.SearchStrategy[list[PlannedStep]],
    cannot_answer: st.SearchStrategy[str | None],
    ask_back: st.SearchStrategy[Ambiguity | None],
) -> st.SearchStrategy[PlanDraft]:
    return st.builds(
        PlanDraft,
        understood_as=_WORDS | _TEXT,
        reasoning=_WORDS,
        steps=steps.map(tuple),
        partial_success_acceptable=st.booleans(),
        confidence=st.floats(0, 1) | st.floats(allow_nan=True),
        cannot_answer=cannot_answer,
        ask_back=ask_back,
    )


_SOME = st.lists(_STEPS, min_size=1, max_size=3)
_NONE: st.SearchStrategy[list[PlannedStep]] = st.just([])
_GOOD = st.builds(
    lambda step: [step.model_copy(update={"id": "a", "query_context": "Everybody.", "depends_on": ()})], _STEPS
)
_DRAFTS = (
    _drafts(_GOOD, st.none(), st.none())
    | _drafts(_SOME, st.none() | st.just(""), st.none())
    | _drafts(_NONE, _TEXT, st.none())
    | _drafts(_NONE, st.none(), _AMBIGUITIES)
    | _drafts(_SOME, _TEXT, _AMBIGUITIES)
)


def is_plain(text: str) -> bool:
    return (
        not any(unicodedata.category(c) in {"Cc", "Cf"} and c not in "\u200c\u200d" for c in text) and "![" not in text
    )


@given(_DRAFTS)
@settings(max_examples=300, deadline=None)
def test_any_draft_becomes_something_that_may_be_shown_or_is_rejected(draft: PlanDraft) -> None:
    try:
        outcome = outcome_of(draft, "a model")
    except PlanRejected:
        return
    match outcome:
        case Plan():
            assert outcome.understood_as.strip()
            assert is_plain(outcome.understood_as)
            assert is_plain(outcome.reasoning)
            assert all(step.query_context.strip() for step in outcome.steps)
            assert all(step.parameters in ({}, {"user": "Ann"}) for step in outcome.steps)
            assert all(step.tool == "special" for step in outcome.steps if step.parameters)
        case Refused():
            assert outcome.reason.strip()
            assert is_plain(outcome.reason)
            assert len(draft.cannot_answer or "") <= MOST_CHARACTERS
        case NeedsClarification():
            assert 2 <= len(outcome.choices) <= MOST_CHOICES
            assert all(is_plain(choice) for choice in (*outcome.choices, outcome.question))


def test_a_step_never_carries_a_meaning_that_rules_would_compile() -> None:
    assert "parameters" not in PlannedStep.model_fields
    assert PlannedStep.model_config["extra"] == "forbid"


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"tool": "api", "entity": "users factoring", "operation": "list"}, "The nearest are"),
        ({"tool": "api", "entity": "user", "operation": "deactivate"}, "only reads"),
        ({"tool": "sql", "entity": "user", "operation": "list"}, "depends on"),
        ({"tool": "special", "special": '{"name": "open_door"}'}, "There is no special tool open_door; there are"),
        ({"tool": "special", "special": '{"name": "login_risk", "person": "Ann"}'}, "is called wrongly"),
    ],
)
def test_a_step_that_is_sure_to_fail_is_told_to_the_model_that_planned_it(step: dict[str, str], reason: str) -> None:
    rest = {"entity": "user", "operation": "get", "query_context": "x", "critical": True, "reasoning": "x"}
    draft = PlanDraft.model_validate(
        {
            "understood_as": "People.",
            "reasoning": "x",
            "steps": [{**rest, "id": "a", "depends_on": (), **step}],
            "partial_success_acceptable": False,
            "confidence": 1,
            "cannot_answer": None,
            "ask_back": None,
        }
    )
    with pytest.raises(PlanRejected, match=f"Step a: .*{reason}"):
        outcome_of(draft, "")
