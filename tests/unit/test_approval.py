"""Which plans wait for a review, and what the reviewer is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from holdfast.answer import Question
from holdfast.approval import approval_reason, estimate_reason
from holdfast.approval_settings import ApprovalSettings
from holdfast.plan import ApiStep, CypherStep, Plan, SpecialStep, Step
from holdfast.settings import load_settings


def api(step_id: str, entity: str, context: str = "…", parameters: dict[str, JsonValue] | None = None) -> ApiStep:
    return ApiStep(id=step_id, entity=entity, operation="list", query_context=context, parameters=parameters or {})


def cypher(step_id: str, entity: str, context: str = "…", parameters: dict[str, JsonValue] | None = None) -> CypherStep:
    return CypherStep(id=step_id, entity=entity, operation="list", query_context=context, parameters=parameters or {})


def special(step_id: str) -> SpecialStep:
    return SpecialStep(id=step_id, name="login_risk", entity="User", operation="assess", query_context="how risky")


def reason(*steps: Step, text: str = "Who is it?", confidence: float = 1.0, **settings: object) -> str:
    question = Question(correlation_id="q-1", text=text, tenant="", asker="ada")
    plan = Plan(steps=steps, reasoning="because", confidence=confidence)
    return approval_reason(plan, question, ApprovalSettings.model_validate({"policy": "never", **settings})) or ""


def test_a_plan_of_more_live_steps_than_may_run_unasked_waits_and_names_them() -> None:
    steps = (cypher("people", "User"), api("factors", "factors"), special("risk"))
    assert reason(*steps, live_steps=2) == ""
    assert reason(*steps, live_steps=1) == "It reads the live tenant in 2 steps (factors, risk); 1 may run unasked."


def test_a_special_tool_waits_where_none_may_be_called_unasked() -> None:
    assert reason(special("risk"), special_steps=0) == "It calls special tools in 1 step (risk); 0 may run unasked."
    assert reason(api("factors", "factors"), special_steps=0) == ""


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("admin roles", cypher("a", "Role")),
        ("admin roles", cypher("a", "User", "who has which admin role")),
        ("admin roles", api("a", "role assignments")),
        ("Admin Role", api("a", "user", parameters={"having": {"thing": ["adminRoles"]}})),
        ("api tokens", api("a", "API token")),
        ("api tokens", cypher("a", "User", parameters={"of": "ApiTokens"})),
        ("Payroll", cypher("a", "User", parameters={"groups": [{"name": "Payroll Managers"}]})),
        ("Payroll", cypher("a", "Application", "people in payroll")),
        ("login_risk", special("a")),
        ("AWS-7 (prod)", cypher("a", "User", parameters={"app": "aws-7 (PROD)"})),
        ("经理", cypher("a", "User", "members of 经理")),
    ],
)
def test_a_plan_that_touches_what_is_named_sensitive_waits_and_names_it(name: str, step: Step) -> None:
    assert reason(step, sensitive=[name]) == f"It touches what is named sensitive here: {name} (step a)."


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("admin roles", cypher("a", "User", "people in Finance")),
        ("api tokens", api("a", "factors")),
        ("Payroll", cypher("a", "Application", "people in Pay")),
        ("Pay", cypher("a", "Application", "people in Payroll")),
        ("admin roles", cypher("a", "User", "what roles do admins play")),
    ],
)
def test_a_plan_that_touches_nothing_of_it_runs_at_once(name: str, step: Step) -> None:
    assert reason(step, sensitive=[name]) == ""


def test_the_endpoints_that_a_step_will_be_given_count_as_touched() -> None:
    step = api("a", "users", "each with the applications that they are assigned")
    assert reason(step, sensitive=["assigned applications"], text="Who has which apps?")


def test_every_policy_that_asks_has_its_sentence() -> None:
    steps = (api("a", "api tokens"), api("b", "factors"))
    words = reason(*steps, policy="low_confidence", confidence=0.4, live_steps=1, sensitive=["api tokens", "factors"])
    assert words == (
        "The planner is only 40% sure that this is what was asked. "
        "It reads the live tenant in 2 steps (a, b); 1 may run unasked. "
        "It touches what is named sensitive here: api tokens (step a). "
        "It touches what is named sensitive here: factors (step b)."
    )


@pytest.mark.parametrize(
    ("estimated", "most", "waits"), [(101, 100, True), (100, 100, False), (5, None, False), (None, 0, False)]
)
def test_a_program_that_will_ask_more_than_it_may_waits_before_its_first_call(
    estimated: int | None, most: int | None, waits: bool
) -> None:
    words = estimate_reason(estimated, ApprovalSettings(estimated_calls=most))
    assert (words == "It will make about 101 calls of the tenant; 100 are allowed here without asking.") is waits
    assert (words is not None) is waits


_WORDS = st.text("abcdefghijklmnop ", min_size=1, max_size=20).filter(str.strip)


@given(name=_WORDS, before=_WORDS, after=_WORDS)
def test_a_name_is_found_wherever_it_stands_in_a_text(name: str, before: str, after: str) -> None:
    assert reason(cypher("a", "User", f"{before} {name} {after}"), sensitive=[name])


@given(names=st.lists(_WORDS, max_size=3), context=_WORDS)
def test_nothing_is_sensitive_where_nothing_is_named(names: list[str], context: str) -> None:
    steps = (cypher("a", "User", context), special("b"))
    assert reason(*steps) == ""
    assert len(reason(*steps, sensitive=names).split("It touches")) <= len(set(names)) + 1


def test_names_are_set_with_commas_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_APPROVAL__SENSITIVE", "admin roles, api tokens")
    monkeypatch.setenv("HOLDFAST_APPROVAL__DEADLINE", "86400")
    monkeypatch.setenv("HOLDFAST_APPROVAL__AFTER_DEADLINE", "escalate")
    monkeypatch.setenv("HOLDFAST_APPROVAL__ESCALATE_TO", "rhea,bob")
    approval = load_settings().approval
    assert approval.sensitive == ("admin roles", "api tokens")
    assert approval.rules.escalate_to == ("rhea", "bob")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"after_deadline": "escalate"}, "set HOLDFAST_APPROVAL__DEADLINE"),
        ({"escalate_to": "rhea", "deadline": 60}, "set HOLDFAST_APPROVAL__AFTER_DEADLINE"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ApprovalSettings.model_validate(settings)
