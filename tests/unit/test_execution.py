from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.answer import ArtifactRef, Generated, StepResult
from holdfast.errors import InvalidTransition
from holdfast.execution import TRANSITIONS, Execution, State, StepState, checked_transition, is_final
from holdfast.plan import Plan, SqlStep, StepId
from tests.unit.test_plan import plans
from tests.workflows.fakes import NO_EFFORT, plan, step

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def result(step_id: str, rows: int) -> StepResult:
    return StepResult(
        step_id=step_id,
        rows=ArtifactRef(key=f"q/{step_id}", row_count=rows, size_bytes=1, columns=()),
        samples=(),
        generated=Generated(language="cypher", text="RETURN 1 AS one", author="test"),
        effort=NO_EFFORT,
    )


def test_the_table_allows_exactly_the_transitions_of_the_design() -> None:
    allowed = {(a.value, b.value) for a, targets in TRANSITIONS.items() for b in targets}
    assert allowed == {
        ("CREATED", "QUEUED"),
        ("CREATED", "CANCELLED"),
        ("QUEUED", "RUNNING"),
        ("QUEUED", "CANCELLED"),
        ("RUNNING", "BLOCKED"),
        ("RUNNING", "PAUSED"),
        ("RUNNING", "COMPLETED"),
        ("RUNNING", "FAILED"),
        ("RUNNING", "CANCELLED"),
        ("BLOCKED", "RUNNING"),
        ("BLOCKED", "PAUSED"),
        ("BLOCKED", "CANCELLED"),
        ("PAUSED", "RUNNING"),
        ("PAUSED", "CANCELLED"),
        ("FAILED", "CANCELLED"),
    }


@pytest.mark.parametrize("current", list(State))
@pytest.mark.parametrize("to", list(State))
def test_an_invalid_transition_is_an_error_that_names_both_states(current: State, to: State) -> None:
    if to in TRANSITIONS[current]:
        assert checked_transition(current, to) is to
    else:
        with pytest.raises(InvalidTransition) as caught:
            checked_transition(current, to)
        assert current.value in str(caught.value)
        assert to.value in str(caught.value)


def test_only_a_failed_question_can_leave_a_final_state() -> None:
    leavable = {state for state in State if is_final(state) and TRANSITIONS[state]}
    assert leavable == {State.FAILED}


@given(plans(), st.integers(1, 3), st.data())
def test_whatever_the_steps_do_the_run_ends_and_no_step_runs_before_what_it_needs(
    drawn: Plan, limit: int, data: st.DataObject
) -> None:
    execution = Execution(drawn)
    running: list[StepId] = []
    while not execution.is_over:
        for startable in execution.startable(limit):
            for needed in startable.depends_on:
                record = execution.records[StepId(needed)]
                assert record.state is StepState.DONE
                assert not record.found_nothing
            execution.start(startable.step_id, NOW)
            running.append(startable.step_id)
        assert 0 < len(running) <= limit, "a run that is not over always has something running"
        step_id = running.pop(data.draw(st.integers(0, len(running) - 1)))
        match data.draw(st.sampled_from(["rows", "nothing", "failure"])):
            case "rows":
                execution.finish(result(step_id, 5), NOW + timedelta(seconds=1))
            case "nothing":
                execution.finish(result(step_id, 0), NOW + timedelta(seconds=1))
            case _:
                execution.fail(step_id, "broken", NOW + timedelta(seconds=1))
    assert not running
    failed = [r for r in execution.records.values() if r.state is StepState.FAILED]
    if execution.failure is None:
        for record in failed:
            assert any(record.error in gap.message for gap in execution.gaps() if record.error), "a failure is stated"
    if failed and not drawn.partial_success_acceptable and any(r.step.critical for r in failed):
        assert execution.failure is not None
    if not execution.results:
        assert execution.failure is not None, "an answer needs at least one step that ended well"


def test_only_a_failure_is_a_gap_and_finding_nothing_is_not() -> None:
    execution = Execution(plan(step("a"), step("b", "a")))
    execution.start(StepId("a"), NOW)
    execution.finish(result("a", 0), NOW)
    assert execution.is_over
    assert execution.records[StepId("b")].state is StepState.SKIPPED
    assert execution.gaps() == ()


def test_rows_that_are_not_there_can_be_counted_but_not_gone_on_with() -> None:
    counted = SqlStep(id="c", entity="rows", operation="count", query_context="count them", depends_on=("a", "b"))
    of_none = SqlStep(id="d", entity="rows", operation="count", query_context="count them", depends_on=("e",))
    execution = Execution(plan(step("a"), step("b", "a"), counted, step("e", "b"), of_none))
    for step_id, rows in (("a", 3), ("b", 0)):
        execution.start(StepId(step_id), NOW)
        execution.finish(result(step_id, rows), NOW)
    assert execution.startable(9) == [counted]
    assert {i for i, r in execution.records.items() if r.state is StepState.SKIPPED} == {"d", "e"}


def test_reports_leave_out_what_never_started_and_number_steps_by_the_plan() -> None:
    execution = Execution(plan(step("a"), step("b", "a"), step("c")))
    for step_id in ("a", "c"):
        execution.start(StepId(step_id), NOW)
    execution.fail(StepId("a"), "broken", NOW + timedelta(seconds=2))
    execution.finish(result("c", 1), NOW + timedelta(seconds=3))
    assert [(r.step_number, r.step_id, r.success, r.seconds) for r in execution.reports()] == [
        (1, "a", False, 2.0),
        (3, "c", True, 3.0),
    ]


@given(plans(), st.data())
def test_a_run_that_takes_over_what_was_found_runs_the_others_and_none_of_it(drawn: Plan, data: st.DataObject) -> None:
    """Whether it found rows or nothing: what cannot go on with nothing is skipped as it was then."""
    done: set[StepId] = set()
    execution = Execution(drawn)
    goes_on = st.booleans()
    while data.draw(goes_on) and (ready := execution.startable(9)):
        chosen = StepId(data.draw(st.sampled_from([one.id for one in ready])))
        execution.reuse(result(chosen, data.draw(st.sampled_from([0, 5]))), "q-before", NOW)
        done.add(chosen)
    ran: set[StepId] = set()
    while not execution.is_over:
        for startable in execution.startable(2):
            execution.start(startable.step_id, NOW)
            execution.finish(result(startable.step_id, 5), NOW)
            ran.add(startable.step_id)
    assert not ran & done
    reports = {report.step_id: report.reused_from for report in execution.reports()}
    assert reports == dict.fromkeys(done, "q-before") | dict.fromkeys(ran, None)
    assert len(execution.spent()) == len(ran)
