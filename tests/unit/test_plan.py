from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import PlanRejected
from holdfast.plan import Plan, Step, StepId, as_reviewed, checked_plan, dependants, kept_steps, ready_steps
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


@st.composite
def edits(draw: st.DrawFn) -> tuple[Plan, Plan, set[StepId]]:
    """A plan, what a person made of it, and the steps that were done: with each all that it depends on."""
    before = draw(plans())
    changed = draw(st.sets(st.sampled_from([one.step_id for one in before.steps])))
    dropped = draw(st.sets(st.sampled_from([one.step_id for one in before.steps])))
    steps: list[Step] = [one for one in before.steps if one.step_id not in dropped]
    known = {one.id for one in steps}
    steps = [one.model_copy(update={"depends_on": tuple(d for d in one.depends_on if d in known)}) for one in steps]
    steps = [one.model_copy(update={"query_context": "otherwise"}) if one.step_id in changed else one for one in steps]
    steps.append(step("new", *draw(st.sets(st.sampled_from(sorted(known)))) if known else ()))
    done: set[StepId] = set()
    for one in draw(st.permutations(before.steps)):
        if {StepId(d) for d in one.depends_on} <= done and draw(st.booleans()):
            done.add(one.step_id)
    return before, plan(*draw(st.permutations(steps))), done


@given(edits(), st.data())
def test_a_step_is_kept_exactly_where_it_and_all_it_depends_on_are_done_and_unchanged(
    drawn: tuple[Plan, Plan, set[StepId]], data: st.DataObject
) -> None:
    before, after, done = drawn
    again = data.draw(st.sampled_from([None, *(one.step_id for one in after.steps)]))
    kept = kept_steps(before, after, done, again)
    below = dependants(after, again) | {again} if again is not None else frozenset[StepId]()
    for one in after.steps:
        needed = {other.step_id for other in after.steps if one.step_id in dependants(after, other.step_id)}
        stands = all(
            other.step_id in done and other in before.steps
            for other in after.steps
            if other.step_id in needed | {one.step_id}
        )
        assert (one.step_id in kept) is (stands and one.step_id not in below)


@given(plans())
def test_of_an_unchanged_plan_everything_done_is_kept_but_what_hangs_on_the_step_that_runs_again(drawn: Plan) -> None:
    ids = {one.step_id for one in drawn.steps}
    assert kept_steps(drawn, drawn, ids) == ids
    for again in ids:
        assert kept_steps(drawn, drawn, ids, again) == ids - {again} - dependants(drawn, again)
