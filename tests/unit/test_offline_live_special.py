"""Questions that a special tool answers."""

from __future__ import annotations

import pytest

from holdfast.graph.vocabulary import Vocabulary
from holdfast.offline.live.special import _forms
from holdfast.plan import Plan, SpecialStep
from holdfast.special.registry import all_tools, tool_called
from tests.unit.offline_tenant import read, words


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return words(tmp_path_factory.mktemp("special-words"))


def _step(question: str, vocabulary: Vocabulary) -> SpecialStep:
    plan = read(question, vocabulary)
    assert isinstance(plan, Plan), f"{question}: {plan}"
    (step,) = plan.steps
    assert isinstance(step, SpecialStep), f"{question}: {step}"
    return step


def test_every_form_is_of_a_tool_that_there_is() -> None:
    assert set(_forms()) <= set(all_tools())


@pytest.mark.parametrize(
    ("question", "tool", "parameters"),
    [
        ("login risk of Dana O'Brien", "login_risk", {"user": "u1"}),
        ("how risky are Dana's recent sign-ins?", "login_risk", {"user": "u1"}),
        (
            "Can zoe@acme.example open Old Wiki and what does the policy demand of them?",
            "user_app_access",
            {"user": "u2", "application": "a2"},
        ),
        ("sign-in risk of dana@acme.example in the last 30 days", "login_risk", {"user": "u1", "days": 30}),
        ("anything unusual in zoe@acme.example's sign-ins?", "login_risk", {"user": "u2"}),
        ("check whether zoe@acme.example can open Old Wiki", "user_app_access", {"user": "u2", "application": "a2"}),
        ("can zoe@acme.example open Old Wiki right now?", "user_app_access", {"user": "u2", "application": "a2"}),
        ("why can't zoe@acme.example open Old Wiki?", "user_app_access", {"user": "u2", "application": "a2"}),
        ("what must Dana O'Brien do to sign in to Old Wiki?", "user_app_access", {"user": "u1", "application": "a2"}),
    ],
)
def test_a_tool_is_called_with_whom_and_what_was_named(
    question: str, tool: str, parameters: dict[str, str | int], vocabulary: Vocabulary
) -> None:
    step = _step(question, vocabulary)
    assert (step.name, step.parameters) == (tool, parameters)
    tool_called(step.name).parameters.model_validate(step.parameters)
    assert _step(step.query_context, vocabulary).parameters == step.parameters


@pytest.mark.parametrize(
    "question",
    [
        "login risk of Max Lee",
        "login risk of contractors",
        "login risk of Dana O'Brien in the last 200 days",
        "login risk of cheese",
        "check whether zoe@acme.example can open cheese",
        "check whether zoe@acme.example can open Old Wiki tomorrow",
    ],
)
def test_no_tool_is_called_for_whom_or_what_is_not_sure(question: str, vocabulary: Vocabulary) -> None:
    assert not isinstance(read(question, vocabulary), Plan)
