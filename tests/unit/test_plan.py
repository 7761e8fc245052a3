from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import PlanRejected
from holdfast.plan import Plan, StepId, as_reviewed, checked_plan, dependants, ready_steps
from tests.workflows.fakes import plan, step


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of up to eight steps, each depending on some that stand before it."""
    count = draw(st.integers(1, 8))
    steps = []
    for number in range(count):
        earlier = draw(st.sets(st.integers(0, number - 1))) if number else set()
        steps.append(step(f"s{number}", *(f"s{e}" for e in sorted(earlier)), critical=draw(st.booleans())))
    return plan(*draw(st.permutations(steps)), partial=draw(st.booleans()))


def _step(**changes: object) -> dict[str, object]:
    return {"tool": "cypher", "id": "a", "entity": "User", "operation": "list", "query_context": "x", **changes}


def _plan(*steps: dict[str, object]) -> dict[str, object]:
    return {"steps": steps, "reasoning": "r", "confidence": 1}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_plan(_step(depends_on=["b"]), _step(id="b", depends_on=["a"])), "wait for each other: "),
        (_plan(_step(depends_on=["a"])), "wait for each other"),
        (_plan(_step(depends_on=["ghost"])), "depends on unknown steps: ghost"),
        (_plan(_step(), _step()), "occur twice: a"),
        (_plan(_step(tool="shell")), "cypher"),
        (_plan(), "at least 1"),
        (_plan(_step(id="../x")), "pattern"),
        ({"steps": [_step()], "reasoning": "r", "confidence": 7}, "less than or equal to 1"),
        ("not a plan", "Plan"),
    ],
)
def test_a_plan_that_cannot_run_is_rejected_with_the_reason(data: object, words: str) -> None:
    with pytest.raises(PlanRejected, match="This plan cannot run") as caught:
        checked_plan(data)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


@given(plans())
def test_steps_become_ready_in_an_order_that_respects_every_dependency(drawn: Plan) -> None:
    done: set[StepId] = set()
    while len(done) < len(drawn.steps):
        ready = list(ready_steps(drawn, finished=done, started=done))
        assert ready, "a valid plan never gets stuck"
        for ready_step in ready:
            assert {StepId(d) for d in ready_step.depends_on} <= done
        done.add(ready[0].step_id)


@given(plans())
def test_dependants_are_exactly_the_steps_reached_through_dependencies(drawn: Plan) -> None:
    for one in drawn.steps:
        below = dependants(drawn, one.step_id)
        for other in drawn.steps:
            direct = {StepId(d) for d in other.depends_on}
            needs_it = one.step_id in direct or bool(direct & below)
            assert (other.step_id in below) is needs_it


def test_an_edited_plan_no_longer_says_what_the_shown_one_meant() -> None:
    shown = plan(step("people")).model_copy(update={"understood_as": "People who are active."})
    edited = shown.model_copy(update={"steps": (step("people", critical=False),)})
    assert as_reviewed(edited, shown, "ann").understood_as == (
        "The plan as ann edited it. Before that: People who are active."
    )
    reworded = edited.model_copy(update={"understood_as": "People who are suspended."})
    assert as_reviewed(reworded, shown, "ann") == reworded
    assert as_reviewed(shown, shown, "ann") == shown
