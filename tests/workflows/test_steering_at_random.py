"""Whoever steers a question may do so at any moment and in any order: it ends, in a right state, with nothing twice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Worker

from holdfast.answer import Answer, Outcome, Question
from holdfast.contracts import Decision, Progress, Review
from holdfast.execution import State, StepState
from holdfast.plan import Step
from tests.workflows.fakes import ScriptedActivities, planned, refusal, step
from tests.workflows.scripted_programs import ScriptedPrograms, api_step
from workflows.query import QueryWorkflow

Handle = WorkflowHandle[QueryWorkflow, Answer]

# More are tried by `HOLDFAST_TEST_SEQUENCES=400 pytest tests/workflows/test_steering_at_random.py`.
_SEQUENCES = int(os.environ.get("HOLDFAST_TEST_SEQUENCES", "24"))
_AT_ONCE = 8
_FINAL = {
    Outcome.ANSWERED: State.COMPLETED,
    Outcome.CANCELLED: State.CANCELLED,
    Outcome.FAILED: State.FAILED,
}


@dataclass
class _Sequence:
    """One question that is steered by `random`, and what it did."""

    random: Random
    programs: ScriptedPrograms
    script: ScriptedActivities

    @staticmethod
    def of(seed: int) -> _Sequence:
        random = Random(seed)
        programs = ScriptedPrograms(
            calls=random.randint(1, 12), budget=random.choice((0, 2, 5, 100)), seconds=random.choice((0.0, 0.01, 0.05))
        )
        steps: list[Step] = [
            step("graph"),
            api_step("live"),
            api_step("after", "graph", critical=random.random() < 0.5),
            step("side", critical=random.random() < 0.5),
            step("last", "live", critical=False),
        ]
        fails = {name: refusal(f"{name} is broken") for name in ("graph", "side", "last") if random.random() < 0.15}
        approval = "it is costly" if random.random() < 0.3 else None
        outcome = planned(*steps, approval=approval, limit=random.randint(1, 4), partial=random.random() < 0.3)
        return _Sequence(random, programs, ScriptedActivities(outcome, fails, programs=programs))

    async def steer(self, handle: Handle) -> None:
        for _ in range(self.random.randint(0, 12)):
            await asyncio.sleep(self.random.choice((0.0, 0.0, 0.01, 0.05, 0.2)))
            await self._do_something(handle)

    async def _do_something(self, handle: Handle) -> None:
        match self.random.choices(("pause", "resume", "cancel", "review", "look"), (4, 5, 0.4, 8, 2))[0]:
            case "pause":
                await sent(handle.signal(QueryWorkflow.pause))
            case "resume":
                await sent(handle.signal(QueryWorkflow.resume))
            case "cancel":
                await sent(handle.signal(QueryWorkflow.cancel))
            case "review":
                await reviewed(handle, self._some_review())
            case _:
                await handle.query(QueryWorkflow.progress)

    def _some_review(self) -> Review:
        decision = self.random.choices((Decision.APPROVE, Decision.STOP, Decision.REJECT, Decision.EDIT), (8, 3, 1, 1))
        further = self.random.choice((None, None, 1, 3))
        subject = self.random.choice((None, "live", "after", "nothing"))
        return Review(decision=decision[0], reviewer="grace", step_id=subject, further_calls=further)


async def sent(signal: Awaitable[None]) -> None:
    """It is taken, or comes too late."""
    try:
        await signal
    except RPCError as error:
        if not has_ended(error):
            raise


def has_ended(error: RPCError) -> bool:
    return any(words in str(error) for words in ("already completed", "not found", "closing workflow"))


async def reviewed(handle: Handle, review: Review) -> None:
    """It is taken or refused, in words."""
    try:
        await handle.execute_update(QueryWorkflow.review, review)
    except WorkflowUpdateFailedError as refused:
        if getattr(refused.cause, "type", None) != "ReviewRefused":
            raise
    except RPCError as error:
        if not has_ended(error):
            raise


async def seen_to_its_end(handle: Handle) -> None:
    """Somebody comes back and lets everything go on."""
    while True:
        try:
            progress: Progress = await handle.query(QueryWorkflow.progress)
        except RPCError:
            return
        match progress.state:
            case State.PAUSED:
                await sent(handle.signal(QueryWorkflow.resume))
            case State.BLOCKED:
                for waiting in progress.waiting:
                    review = Review(decision=Decision.APPROVE, reviewer="grace", step_id=waiting.step_id)
                    await reviewed(handle, review)
            case State.COMPLETED | State.FAILED | State.CANCELLED:
                return
        await asyncio.sleep(0.05)


async def answer_of(handle: Handle) -> Answer:
    try:
        return await handle.result()
    except WorkflowFailureError as failure:
        cause = failure.cause
        if not isinstance(cause, ApplicationError) or cause.type != "QuestionFailed":
            raise
        return Answer.model_validate(cause.details[0])


async def see_that_all_is_well(sequence: _Sequence, handle: Handle, answer: Answer) -> None:
    progress: Progress = await handle.query(QueryWorkflow.progress)
    assert progress.state is _FINAL[answer.outcome], answer.message
    assert not progress.waiting
    assert not {each.state for each in progress.steps} & {StepState.RUNNING, StepState.PENDING}
    for each in progress.steps:
        if each.state is StepState.DONE:
            assert sequence.script.asked[each.step_id] <= 1, f"{each.step_id} ran twice"
            assert each.error is None
    made = {name: sequence.programs.made[name] for name in ("live", "after")}
    assert all(count <= sequence.programs.calls for count in made.values()), made
    async for event in handle.fetch_history_events():
        # The server asks once more where something arrived while the workflow was ending.
        failure = event.workflow_task_failed_event_attributes.failure.message
        assert failure in ("", "UnhandledCommand"), failure


async def tried(client: Client, seed: int) -> None:
    sequence, queue = _Sequence.of(seed), f"test-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[QueryWorkflow],
        activities=sequence.script.all(),
        max_heartbeat_throttle_interval=timedelta(seconds=0.2),
    ):
        question = Question(correlation_id=f"q-{uuid4()}", text="who?", tenant="demo", asker="ada")
        handle = await client.start_workflow(QueryWorkflow.run, question, id=question.correlation_id, task_queue=queue)
        async with asyncio.timeout(120):
            await sequence.steer(handle)
            await seen_to_its_end(handle)
            await see_that_all_is_well(sequence, handle, await answer_of(handle))


async def test_a_question_that_is_steered_at_random_ends_in_a_right_state_and_does_nothing_twice(
    temporal_client: Client,
) -> None:
    failed: dict[int, BaseException] = {}
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(seed: int) -> None:
        async with places:
            try:
                await tried(temporal_client, seed)
            except (AssertionError, TimeoutError, WorkflowFailureError, WorkflowUpdateFailedError) as error:
                failed[seed] = error

    await asyncio.gather(*[one(seed) for seed in range(_SEQUENCES)])
    if failed:
        pytest.fail("\n".join(f"seed {seed}: {error!r}" for seed, error in sorted(failed.items())))
