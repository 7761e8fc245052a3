from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import Worker

from holdfast.answer import Answer, Gap, NeedsClarification, Outcome, Question, Refused
from holdfast.contracts import STATE_ATTRIBUTE, Decision, Review
from holdfast.execution import State, StepState
from tests.workflows.fakes import ScriptedActivities, plan, planned, refusal, step
from workflows.query import QueryWorkflow

Handle = WorkflowHandle[QueryWorkflow, Answer]


@asynccontextmanager
async def asked(client: Client, script: ScriptedActivities) -> AsyncIterator[Handle]:
    """A question that runs on a worker of its own with these activities."""
    queue = f"test-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[QueryWorkflow],
        activities=script.all(),
    ):
        question = Question(correlation_id=f"q-{uuid4()}", text="who?", tenant="demo", asker="ada")
        yield await client.start_workflow(QueryWorkflow.run, question, id=question.correlation_id, task_queue=queue)


async def until(handle: Handle, state: State) -> None:
    while (await handle.query(QueryWorkflow.progress)).state is not state:
        await asyncio.sleep(0.02)


async def failure_of(handle: Handle) -> tuple[ApplicationError, Answer]:
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    error = caught.value.cause
    assert isinstance(error, ApplicationError)
    return error, Answer.model_validate(error.details[0])


async def test_an_answered_question_carries_its_plan_its_steps_and_its_table(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("people")), {"people": 3})
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert answer.formatted is not None
    assert answer.formatted.total_items == 3
    assert [report.step_id for report in answer.steps] == ["people"]
    assert answer.snapshot is not None
    dictionary = answer.to_dictionary([{"Id": "1"}])
    assert dictionary["success"] is True
    assert dictionary["total_steps"] == dictionary["successful_steps"] == 1
    assert dictionary["success_rate"] == 1.0
    assert dictionary["effort"]["planning"]["peak_memory_bytes"] == 0
    assert dictionary["step_results"][0]["result"]["effort"]["seconds"] == 0.0
    assert dictionary["final_result"]["metadata"]["totalItems"] == 3


async def test_a_later_step_sees_samples_columns_and_query_of_the_steps_it_needs(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("people"), step("groups", "people")), {"people": 2})
    async with asked(temporal_client, script) as handle:
        await handle.result()
    (earlier,) = script.requests["groups"].earlier
    assert earlier.step.id == "people"
    assert earlier.rows.row_count == 2
    assert earlier.samples == ({"id": "x"},)
    assert earlier.generated.text == "RETURN 'people' AS id"
    assert script.requests["people"].earlier == ()


async def test_steps_that_need_each_other_wait_and_the_others_run_together(temporal_client: Client) -> None:
    steps = [step("a"), step("b"), step("c"), step("d", "a", "b", "c")]
    script = ScriptedActivities(planned(*steps, limit=2), held=("a", "b"))
    async with asked(temporal_client, script) as handle:
        await script.until_asked("a")
        await script.until_asked("b")
        assert script.asked["c"] == 0, "only two may run at a time"
        script.release("a")
        await script.until_asked("c")
        assert script.asked["d"] == 0
        script.release("b")
        await handle.result()
    assert script.asked["d"] == 1
    assert script.most_at_once == 2


async def test_a_question_that_finds_nothing_at_first_ends_early_and_says_so(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("people"), step("groups", "people")), {"people": 0})
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert script.asked["groups"] == 0
    assert script.format_request is not None
    assert [result.step_id for result in script.format_request.results] == ["people"]
    assert answer.gaps == ()


async def test_a_failed_critical_step_fails_the_workflow_and_the_answer_so_far_is_in_the_failure(
    temporal_client: Client,
) -> None:
    script = ScriptedActivities(
        planned(step("people"), step("apps", "people"), step("groups", "people")),
        {"apps": refusal("too many rows; narrow the question")},
        held=("groups",),
    )
    async with asked(temporal_client, script) as handle:
        await script.until_asked("groups")
        script.release("groups")
        error, answer = await failure_of(handle)
        description = await handle.describe()
    assert error.type == "QuestionFailed"
    assert error.message == "Step apps failed: too many rows; narrow the question"
    assert answer.outcome is Outcome.FAILED
    assert {report.step_id: report.success for report in answer.steps} == {
        "people": True,
        "apps": False,
        "groups": True,
    }
    assert script.asked["format"] == 0
    assert description.typed_search_attributes.get(STATE_ATTRIBUTE) == "FAILED"


async def test_a_failed_step_that_is_not_critical_leaves_a_stated_gap(temporal_client: Client) -> None:
    script = ScriptedActivities(
        planned(step("people"), step("photos", critical=False), step("frames", "photos", critical=False)),
        {"photos": refusal("no photos here")},
    )
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert [gap.message for gap in answer.gaps] == [
        "Step photos (context of photos) failed: no photos here",
        "Step frames (context of frames) was not run: it needs a failed step.",
    ]
    assert script.format_request is not None
    assert script.format_request.gaps == answer.gaps


async def test_a_plan_that_accepts_a_part_answers_with_it(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), step("b"), partial=True), {"b": refusal("broken")})
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert [gap.origin for gap in answer.gaps] == ["step"]


async def test_what_the_snapshot_could_not_read_reaches_the_answer_once(temporal_client: Client) -> None:
    gap = Gap(origin="sync", message="Members of 1 group could not be read.")
    script = ScriptedActivities(planned(step("a"), step("b")), gaps={"a": (gap,), "b": (gap,)})
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.gaps == (gap,)


async def test_a_refused_question_names_the_words_and_runs_no_step(temporal_client: Client) -> None:
    script = ScriptedActivities(Refused(reason="I do not know: flurb", not_understood=("flurb",)))
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.REFUSED
    assert answer.message == "I do not know: flurb"
    assert answer.not_understood == ("flurb",)
    assert set(script.asked) == {"plan"}


async def test_an_ambiguous_question_comes_back_with_its_choices(temporal_client: Client) -> None:
    script = ScriptedActivities(NeedsClarification(question="Which Anna?", choices=("anna.a", "anna.b")))
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.NEEDS_CLARIFICATION
    assert answer.choices == ("anna.a", "anna.b")


async def test_a_passing_fault_is_retried_without_anyone_noticing(temporal_client: Client) -> None:
    fault = ConnectionError("gone for a moment")
    script = ScriptedActivities(planned(step("people")), passing_faults={"people": fault})
    async with asked(temporal_client, script) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert script.asked["people"] == 2


async def test_a_paused_question_starts_no_further_step_and_keeps_what_runs(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), step("b", "a")), held=("a",))
    async with asked(temporal_client, script) as handle:
        await script.until_asked("a")
        await handle.signal(QueryWorkflow.pause)
        await until(handle, State.PAUSED)
        script.release("a")
        while (await handle.query(QueryWorkflow.progress)).steps[0].state is not StepState.DONE:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert script.asked["b"] == 0
        await handle.signal(QueryWorkflow.resume)
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert script.asked == {"plan": 1, "a": 1, "b": 1, "format": 1}


async def test_a_question_paused_while_it_is_planned_waits_with_the_plan(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a")), held=("plan",))
    async with asked(temporal_client, script) as handle:
        await script.until_asked("plan")
        await handle.signal(QueryWorkflow.pause)
        await until(handle, State.PAUSED)
        script.release("plan")
        await asyncio.sleep(0.2)
        assert script.asked["a"] == 0
        await handle.signal(QueryWorkflow.resume)
        assert (await handle.result()).outcome is Outcome.ANSWERED


async def test_a_cancelled_question_stops_what_runs_and_starts_no_further_step(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), step("b"), step("c", "b")), held=("b",))
    async with asked(temporal_client, script) as handle:
        await script.until_asked("b")
        await handle.signal(QueryWorkflow.cancel)
        answer = await handle.result()
        description = await handle.describe()
    assert answer.outcome is Outcome.CANCELLED
    assert script.asked["c"] == script.asked["format"] == 0
    assert description.typed_search_attributes.get(STATE_ATTRIBUTE) == "CANCELLED"


@pytest.mark.parametrize("held", ["plan", "format"])
async def test_a_question_is_cancelled_while_it_is_planned_or_formatted(temporal_client: Client, held: str) -> None:
    script = ScriptedActivities(planned(step("a")), held=(held,))
    async with asked(temporal_client, script) as handle:
        await script.until_asked(held)
        await handle.signal(QueryWorkflow.cancel)
        assert (await handle.result()).outcome is Outcome.CANCELLED


async def test_temporals_own_cancellation_also_leaves_the_state_cancelled(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a")), held=("a",))
    async with asked(temporal_client, script) as handle:
        await script.until_asked("a")
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        description = await handle.describe()
    assert isinstance(caught.value.cause, CancelledError)
    assert description.typed_search_attributes.get(STATE_ATTRIBUTE) == "CANCELLED"


async def test_a_held_plan_runs_once_it_is_approved_and_a_second_decision_is_refused(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), approval="only 40% sure"), held=("a",))
    async with asked(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        assert [waiting.reason for waiting in (await handle.query(QueryWorkflow.progress)).waiting] == ["only 40% sure"]
        assert script.asked["a"] == 0
        await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="grace"))
        await script.until_asked("a")
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.REJECT, reviewer="eve"))
        assert "Nothing waits for a review: the question is RUNNING" in str(refused.value.cause)
        script.release("a")
        assert (await handle.result()).outcome is Outcome.ANSWERED


async def test_a_rejected_plan_ends_the_question_and_names_the_reviewer(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), approval="policy"))
    async with asked(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        await handle.execute_update(
            QueryWorkflow.review, Review(decision=Decision.REJECT, reviewer="grace", comment="too broad")
        )
        answer = await handle.result()
    assert answer.outcome is Outcome.CANCELLED
    assert answer.message == "grace rejected the plan: too broad"
    assert script.asked["a"] == 0


async def test_an_edited_plan_runs_in_place_of_the_planned_one(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), approval="policy"))
    async with asked(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        await handle.execute_update(
            QueryWorkflow.review, Review(decision=Decision.EDIT, reviewer="grace", plan=plan(step("b")))
        )
        answer = await handle.result()
    assert script.asked["a"] == 0
    assert script.asked["b"] == 1
    assert answer.plan is not None
    assert answer.plan.steps == (step("b"),)
    assert answer.plan.understood_as.startswith("The plan as grace edited it"), "not what the plan before meant"


async def test_an_edit_without_a_plan_is_refused_and_the_question_still_waits(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), approval="policy"))
    async with asked(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.EDIT, reviewer="grace"))
        assert "exactly when it edits" in str(refused.value.cause)
        await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="grace"))
        assert (await handle.result()).outcome is Outcome.ANSWERED


async def test_a_blocked_question_that_was_paused_waits_for_its_review_again(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a"), approval="policy"))
    async with asked(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        await handle.signal(QueryWorkflow.pause)
        await until(handle, State.PAUSED)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="grace"))
        assert "PAUSED; resume it first" in str(refused.value.cause)
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="grace"))
        await handle.signal(QueryWorkflow.resume)
        await until(handle, State.BLOCKED)
        await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="grace"))
        assert (await handle.result()).outcome is Outcome.ANSWERED


async def test_signals_out_of_place_change_nothing(temporal_client: Client) -> None:
    script = ScriptedActivities(planned(step("a")), held=("a",))
    async with asked(temporal_client, script) as handle:
        await script.until_asked("a")
        await handle.signal(QueryWorkflow.resume)
        await handle.signal(QueryWorkflow.pause)
        await handle.signal(QueryWorkflow.pause)
        await until(handle, State.PAUSED)
        await handle.signal(QueryWorkflow.resume)
        script.release("a")
        assert (await handle.result()).outcome is Outcome.ANSWERED
