"""Steps that read the live tenant: budgets, reviews, pauses and failures, with nothing done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.worker import Worker

from holdfast.answer import Answer, Outcome, Question
from holdfast.contracts import Decision, Review, StepProgress
from holdfast.execution import State, StepState
from holdfast.plan import Step
from tests.workflows.fakes import ScriptedActivities, plan, planned, refusal, step
from tests.workflows.scripted_programs import ScriptedPrograms, api_step, special_step, sql_step
from workflows.query import QueryWorkflow

Handle = WorkflowHandle[QueryWorkflow, Answer]


@asynccontextmanager
async def asked(
    client: Client, programs: ScriptedPrograms, *steps: Step, rows: dict[str, int | Exception] | None = None
) -> AsyncIterator[Handle]:
    async with working(client, ScriptedActivities(planned(*steps), rows, programs=programs)) as handle:
        yield handle


@asynccontextmanager
async def working(client: Client, script: ScriptedActivities) -> AsyncIterator[Handle]:
    queue = f"test-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[QueryWorkflow],
        activities=script.all(),
        # A cancelled activity hears of it with a heartbeat's answer.
        max_heartbeat_throttle_interval=timedelta(seconds=0.2),
    ):
        question = Question(correlation_id=f"q-{uuid4()}", text="who?", tenant="demo", asker="ada")
        yield await client.start_workflow(QueryWorkflow.run, question, id=question.correlation_id, task_queue=queue)


async def until(handle: Handle, state: State) -> None:
    while (await handle.query(QueryWorkflow.progress)).state is not state:
        await asyncio.sleep(0.02)


async def until_made(programs: ScriptedPrograms, step_id: str, calls: int) -> None:
    while programs.made[step_id] < calls:
        await asyncio.sleep(0.01)


def decision(kind: Decision, step_id: str | None = None, further: int | None = None) -> Review:
    return Review(decision=kind, reviewer="grace", step_id=step_id, further_calls=further)


def states(steps: Sequence[StepProgress]) -> dict[str, StepState]:
    return {each.step_id: each.state for each in steps}


async def test_a_plan_of_every_tool_runs_each_step_by_its_own_activity(temporal_client: Client) -> None:
    programs = ScriptedPrograms()
    steps = (step("people"), api_step("factors", "people"), sql_step("counts", "factors"), special_step("risk"))
    async with asked(temporal_client, programs, *steps) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert [(report.step_id, report.step_type) for report in answer.steps] == [
        ("people", "cypher"),
        ("factors", "api"),
        ("counts", "sql"),
        ("risk", "special"),
    ]
    assert programs.asked == {"sql": 1, "special": 1}
    assert [earlier.step.id for earlier in programs.written[0].step.earlier] == ["people"]


async def test_a_step_past_its_budget_blocks_its_question_and_goes_on_where_it_was_when_approved(
    temporal_client: Client,
) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, api_step("factors")) as handle:
        await until(handle, State.BLOCKED)
        (waiting,) = (await handle.query(QueryWorkflow.progress)).waiting
        assert waiting.step_id == "factors"
        assert waiting.calls_wanted is not None
        assert (waiting.calls_wanted.calls_made, waiting.calls_wanted.calls_to_come) == (2, 3)
        after = await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE))
        assert after.waiting == ()
        answer = await handle.result()
    assert answer.steps[0].result is not None
    assert programs.made["factors"] == answer.steps[0].result.rows.row_count == 5
    assert len(programs.written) == 1, "what was written is what goes on"


async def test_an_approval_of_so_many_calls_ends_in_another_review(temporal_client: Client) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, api_step("factors")) as handle:
        await until(handle, State.BLOCKED)
        await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE, "factors", further=1))
        await until_made(programs, "factors", 3)
        await until(handle, State.BLOCKED)
        assert programs.made["factors"] == 3
        await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE))
        await handle.result()
    assert [run.allowance and run.allowance.calls for run in programs.runs] == [None, 3, None]
    assert programs.made["factors"] == 5


async def test_a_stopped_step_answers_with_what_it_read(temporal_client: Client) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, api_step("factors")) as handle:
        await until(handle, State.BLOCKED)
        await handle.execute_update(QueryWorkflow.review, decision(Decision.STOP))
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    assert programs.made["factors"] == 2
    assert programs.runs[-1].allowance is not None
    assert programs.runs[-1].allowance.with_what_is_there


async def test_a_rejected_step_ends_the_question_and_names_who_rejected_it(temporal_client: Client) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, api_step("factors")) as handle:
        await until(handle, State.BLOCKED)
        await handle.execute_update(QueryWorkflow.review, decision(Decision.REJECT))
        answer = await handle.result()
    assert (answer.outcome, programs.made["factors"]) == (Outcome.CANCELLED, 2)
    assert answer.message == "grace rejected further calls of the tenant."


async def test_two_steps_that_wait_are_decided_each_by_its_name(temporal_client: Client) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, api_step("factors"), api_step("apps")) as handle:
        while len((await handle.query(QueryWorkflow.progress)).waiting) < 2:
            await asyncio.sleep(0.02)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE))
        assert "Say which step the review is of" in str(refused.value.cause)
        await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE, "apps"))
        await until_made(programs, "apps", 5)
        assert (await handle.query(QueryWorkflow.progress)).state is State.BLOCKED, "the other one still waits"
        await handle.execute_update(QueryWorkflow.review, decision(Decision.STOP, "factors"))
        assert (await handle.result()).outcome is Outcome.ANSWERED
    assert programs.made == {"factors": 2, "apps": 5}


@pytest.mark.parametrize(
    ("review", "reason"),
    [
        (decision(Decision.APPROVE, "people"), "what waits: step factors"),
        (decision(Decision.STOP, "factors", further=3), "only to approve"),
        (Review(decision=Decision.EDIT, reviewer="grace", plan=plan(step("x"))), "only a plan is edited"),
    ],
)
async def test_a_review_that_does_not_fit_a_step_is_refused_with_the_reason(
    temporal_client: Client, review: Review, reason: str
) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, api_step("factors")) as handle:
        await until(handle, State.BLOCKED)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(QueryWorkflow.review, review)
        assert reason in str(refused.value.cause)
        await handle.execute_update(QueryWorkflow.review, decision(Decision.STOP))
        await handle.result()


@pytest.mark.parametrize("kind", [api_step, special_step])
async def test_a_pause_stops_a_live_step_at_its_next_call_and_nothing_is_called_twice(
    temporal_client: Client, kind: Callable[[str], Step]
) -> None:
    programs = ScriptedPrograms(calls=60, seconds=0.05)
    async with asked(temporal_client, programs, kind("factors")) as handle:
        await until_made(programs, "factors", 3)
        await handle.signal(QueryWorkflow.pause)
        while not programs.stopped:
            await asyncio.sleep(0.02)
        made = programs.made["factors"]
        await asyncio.sleep(0.3)
        assert programs.made["factors"] == made < 60, "nothing left while it was paused"
        assert states((await handle.query(QueryWorkflow.progress)).steps) == {"factors": StepState.RUNNING}
        await handle.signal(QueryWorkflow.resume)
        answer = await handle.result()
    assert (answer.outcome, programs.made["factors"]) == (Outcome.ANSWERED, 60)
    assert len(programs.written) <= 1


async def test_a_special_tool_past_its_budget_blocks_its_question_and_goes_on_under_the_same_moment(
    temporal_client: Client,
) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, special_step("risk")) as handle:
        await until(handle, State.BLOCKED)
        (waiting,) = (await handle.query(QueryWorkflow.progress)).waiting
        assert (waiting.step_id, waiting.reason) == ("risk", "risk wants more calls")
        await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE, further=1))
        await until_made(programs, "risk", 3)
        await until(handle, State.BLOCKED)
        await handle.execute_update(QueryWorkflow.review, decision(Decision.STOP))
        assert (await handle.result()).outcome is Outcome.ANSWERED
    assert [run.allowance and run.allowance.calls for run in programs.special_runs] == [None, 3, 3]
    assert len({run.as_of for run in programs.special_runs}) == 1, "or its journal would begin afresh"


@pytest.mark.parametrize("kind", [api_step, special_step])
async def test_a_question_paused_while_a_step_waits_for_review_waits_again_when_resumed(
    temporal_client: Client, kind: Callable[[str], Step]
) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, kind("factors")) as handle:
        await until(handle, State.BLOCKED)
        await handle.signal(QueryWorkflow.pause)
        await until(handle, State.PAUSED)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE))
        assert "resume it first" in str(refused.value.cause)
        await handle.signal(QueryWorkflow.resume)
        await until(handle, State.BLOCKED)
        await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE))
        assert (await handle.result()).outcome is Outcome.ANSWERED


@pytest.mark.parametrize("kind", [api_step, special_step])
async def test_a_cancelled_question_stops_its_live_step(temporal_client: Client, kind: Callable[[str], Step]) -> None:
    programs = ScriptedPrograms(calls=1_000, seconds=0.05)
    async with asked(temporal_client, programs, kind("factors")) as handle:
        await until_made(programs, "factors", 3)
        await handle.signal(QueryWorkflow.cancel)
        answer = await handle.result()
        while not programs.stopped:
            await asyncio.sleep(0.02)
    assert (answer.outcome, len(programs.runs) + len(programs.special_runs)) == (Outcome.CANCELLED, 1)


@pytest.mark.parametrize("kind", [api_step, special_step])
async def test_no_review_is_taken_for_a_step_that_was_ended_while_other_steps_still_run(
    temporal_client: Client, kind: Callable[[str], Step]
) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    script = ScriptedActivities(
        planned(kind("factors"), step("bad"), step("slow")),
        {"bad": refusal("No such property.")},
        held=("bad", "slow"),
        programs=programs,
    )
    async with working(temporal_client, script) as handle:
        await until(handle, State.BLOCKED)
        script.release("bad")
        await until(handle, State.RUNNING)
        assert (await handle.query(QueryWorkflow.progress)).waiting == ()
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(QueryWorkflow.review, decision(Decision.APPROVE, "factors"))
        assert "Nothing waits for a review: the question is RUNNING" in str(refused.value.cause)
        script.release("slow")
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert programs.made["factors"] == 2


async def test_a_cancelled_question_waits_for_no_review(temporal_client: Client) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    async with asked(temporal_client, programs, api_step("factors")) as handle:
        await until(handle, State.BLOCKED)
        await handle.signal(QueryWorkflow.cancel)
        assert (await handle.result()).outcome is Outcome.CANCELLED
    assert programs.made["factors"] == 2


async def test_a_program_that_goes_wrong_is_written_anew_once_with_its_traceback(temporal_client: Client) -> None:
    programs = ScriptedPrograms(failures=1)
    async with asked(temporal_client, programs, api_step("factors")) as handle:
        answer = await handle.result()
    assert answer.outcome is Outcome.ANSWERED
    (refused,) = programs.written[1].refused
    assert (refused.text, refused.diagnostics) == ("program 1", "KeyError: 'nothing', line 3")


async def test_a_program_that_goes_wrong_again_fails_its_step_with_the_traceback(temporal_client: Client) -> None:
    programs = ScriptedPrograms(failures=9)
    async with asked(temporal_client, programs, api_step("factors")) as handle:
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert "KeyError: 'nothing', line 3" in str(failed.value.cause)
    assert len(programs.written) == 2


async def test_a_failed_critical_step_ends_programs_that_run_and_reviews_that_wait(temporal_client: Client) -> None:
    programs = ScriptedPrograms(calls=5, budget=2)
    steps = (api_step("factors"), step("people"), step("apps", "people"))
    async with asked(temporal_client, programs, *steps, rows={"apps": refusal("no")}) as handle:
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert (await handle.query(QueryWorkflow.progress)).state is State.FAILED
    assert "Step apps failed: no" in str(failed.value.cause)
