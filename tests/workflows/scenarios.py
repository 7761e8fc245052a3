"""Questions and syncs that between them take every path of their workflows; recorded as histories and replayed.

`python -m tests.workflows.scenarios NAME …` records those anew, without names all: only when a change of the workflow
is meant to be incompatible with running questions, and then with a word in the commit about what happens to those.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from holdfast.answer import Answer, Question, Refused
from holdfast.contracts import Decision, EditedPresentation, Review
from holdfast.execution import State
from holdfast.origin import Origin
from holdfast.rerun_contracts import BegunStep, FailedStep, Inherited, QuestionAgain
from holdfast.reviews import ReviewRules
from holdfast.sync_contracts import SyncRequest
from starter.embedded import EmbeddedTemporal, find_temporal
from tests.workflows.fakes import SNAPSHOT, ScriptedActivities, plan, planned, refusal, step, step_result
from tests.workflows.scripted_programs import ScriptedPrograms, api_step, scripted_program, special_step, sql_step
from tests.workflows.sync_script import ScriptedSync
from workflows.query import QueryWorkflow
from workflows.sync import SyncWorkflow

HISTORIES = Path(__file__).parent.parent / "histories"

_SOON = timedelta(seconds=0.5)
# Long enough to decide within the second one, on a loaded machine too.
_ESCALATING = ReviewRules(deadline=timedelta(seconds=5), after_deadline="escalate", escalate_to=("rhea",))

Handle = WorkflowHandle[QueryWorkflow, Answer]
Story = Callable[[Handle, ScriptedActivities], Awaitable[None]]


async def _nothing(handle: Handle, script: ScriptedActivities) -> None:
    """Nobody interferes."""


async def _pause_and_resume(handle: Handle, script: ScriptedActivities) -> None:
    await script.until_asked("a")
    await handle.signal(QueryWorkflow.pause)
    script.release("a")
    await until(handle, State.PAUSED)
    await handle.signal(QueryWorkflow.resume)


async def _cancel(handle: Handle, script: ScriptedActivities) -> None:
    await script.until_asked("b")
    await handle.signal(QueryWorkflow.cancel)


async def _edit(handle: Handle, script: ScriptedActivities) -> None:
    await until(handle, State.BLOCKED)
    await handle.execute_update(
        QueryWorkflow.review, Review(decision=Decision.EDIT, reviewer="grace", plan=plan(step("c")))
    )


async def _approve_calls(handle: Handle, script: ScriptedActivities) -> None:
    await until(handle, State.BLOCKED)
    await handle.execute_update(
        QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="grace", further_calls=1)
    )
    while script.programs.made["b"] < 2:
        await asyncio.sleep(0.02)
    await until(handle, State.BLOCKED)
    await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.STOP, reviewer="grace"))
    # The program went wrong, and another one has a budget of its own.
    await until(handle, State.BLOCKED)
    await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="grace"))


async def _pause_a_program(handle: Handle, script: ScriptedActivities) -> None:
    while not script.programs.made["a"]:
        await asyncio.sleep(0.02)
    await handle.signal(QueryWorkflow.pause)
    while not script.programs.stopped:
        await asyncio.sleep(0.02)
    await handle.signal(QueryWorkflow.resume)


async def _decide_what_was_escalated(handle: Handle, script: ScriptedActivities) -> None:
    while not any(waiting.escalated for waiting in (await handle.query(QueryWorkflow.progress)).waiting):
        await asyncio.sleep(0.02)
    await handle.signal(QueryWorkflow.pause)
    await until(handle, State.PAUSED)
    await handle.signal(QueryWorkflow.resume)
    await until(handle, State.BLOCKED)
    await handle.execute_update(QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="rhea"))


async def until(handle: Handle, state: State) -> None:
    """Wait until the question is in that state."""
    while (await handle.query(QueryWorkflow.progress)).state is not state:
        await asyncio.sleep(0.02)


def scenarios() -> dict[str, tuple[ScriptedActivities, Story]]:
    """By name: what the activities do, and what people do meanwhile."""
    three = (step("a"), step("b", "a"), step("c", "a"))
    return {
        "answered": (ScriptedActivities(planned(*three)), _nothing),
        "refused": (ScriptedActivities(Refused(reason="no", not_understood=("x",))), _nothing),
        "found_nothing": (ScriptedActivities(planned(*three), {"a": 0}), _nothing),
        "gap": (ScriptedActivities(planned(step("a"), step("b", critical=False)), {"b": refusal("no")}), _nothing),
        "failed": (ScriptedActivities(planned(*three), {"b": refusal("no")}), _nothing),
        "paused": (ScriptedActivities(planned(*three), held=("a",)), _pause_and_resume),
        "cancelled": (ScriptedActivities(planned(*three), held=("b",)), _cancel),
        "edited": (ScriptedActivities(planned(step("a"), approval="policy")), _edit),
        "rejected_by_deadline": (
            ScriptedActivities(planned(step("a"), approval="policy", rules=ReviewRules(deadline=_SOON))),
            _nothing,
        ),
        "escalated": (
            ScriptedActivities(planned(step("a"), special_step("b"), approval="policy", rules=_ESCALATING)),
            _decide_what_was_escalated,
        ),
        "program_approved": (
            ScriptedActivities(
                planned(step("a"), api_step("b", "a"), sql_step("c", "b"), special_step("d")),
                programs=ScriptedPrograms(calls=3, budget=1, failures=1),
            ),
            _approve_calls,
        ),
        "program_paused": (
            ScriptedActivities(planned(api_step("a")), programs=ScriptedPrograms(calls=60, seconds=0.05)),
            _pause_a_program,
        ),
        "retried": (ScriptedActivities(planned(*_LIVE), programs=ScriptedPrograms(calls=2)), _nothing),
        "presented": (ScriptedActivities(planned(*_LIVE)), _nothing),
    }


_LIVE = (step("a"), api_step("b", "a"), step("c", "a"), step("d", "c", critical=False))


def _question(name: str) -> Question:
    """What is asked in a scenario: of most of them a first time."""
    question = QuestionAgain(correlation_id=f"q-{uuid4()}", text="who?", tenant="demo", asker="ada")
    found = tuple(step_result("q-before", step_id, 3) for step_id in ("a", "c"))
    left = Inherited(plan=plan(*_LIVE), plan_author="script", snapshot=SNAPSHOT, results=found, is_cleared=True)
    if name == "retried":
        origin = Origin(kind="retry", question_id="q-before")
        begun = BegunStep(step_id="b", program=scripted_program("program 1", 2))
        return question.model_copy(update={"origin": origin, "inherited": left.model_copy(update={"begun": (begun,)})})
    if name == "presented":
        origin = Origin(kind="rerun", question_id="q-before", edited="presentation")
        changes = {
            "results": (*found, step_result("q-before", "b", 3)),
            "failed": (FailedStep(step_id="d", error="no"),),
            "presentation": EditedPresentation(recipe={"source": "a", "summary": "x"}, author="ada"),
        }
        return question.model_copy(update={"origin": origin, "inherited": left.model_copy(update=changes)})
    return Question.model_validate(question.model_dump(exclude={"inherited"}))


async def run_scenario(client: Client, script: ScriptedActivities, story: Story, name: str = "") -> WorkflowHistory:
    """Run one to its end and fetch its history."""
    async with _worker(client, QueryWorkflow, script.all()) as queue:
        question = _question(name)
        handle = await client.start_workflow(QueryWorkflow.run, question, id=question.correlation_id, task_queue=queue)
        await story(handle, script)
        with suppress(WorkflowFailureError):
            await handle.result()
        return await handle.fetch_history()


def sync_scenarios() -> dict[str, ScriptedSync]:
    """By name; one that holds a family back is cancelled while it does."""
    return {
        "sync_published": ScriptedSync(),
        "sync_failed": ScriptedSync(failing=("users",)),
        "sync_cancelled": ScriptedSync(held=("users",)),
    }


async def run_sync_scenario(client: Client, script: ScriptedSync) -> WorkflowHistory:
    """Run one to its end and fetch its history."""
    async with _worker(client, SyncWorkflow, script.all()) as queue:
        request = SyncRequest(sync_id="s-1")
        handle = await client.start_workflow(SyncWorkflow.run, request, id=f"sync-{uuid4()}", task_queue=queue)
        if script.holds:
            while "users" not in script.asked:
                await asyncio.sleep(0.02)
            await handle.signal(SyncWorkflow.cancel)
        with suppress(WorkflowFailureError):
            await handle.result()
        return await handle.fetch_history()


@asynccontextmanager
async def _worker(client: Client, workflow: type, activities: Sequence[Callable[..., Any]]) -> AsyncIterator[str]:
    queue = f"scenario-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[workflow],
        activities=activities,
        max_heartbeat_throttle_interval=timedelta(seconds=0.2),
    ):
        yield queue


async def _record(names: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedTemporal(find_temporal(None, tell=print), Path(folder)) as server:
            client = await Client.connect(server.address, data_converter=pydantic_data_converter, identity="recorder")
            histories = {
                name: await run_scenario(client, *each, name)
                for name, each in scenarios().items()
                if name in names or not names
            }
            histories |= {
                name: await run_sync_scenario(client, script)
                for name, script in sync_scenarios().items()
                if name in names or not names
            }
    for name, history in histories.items():
        recorded = json.dumps(_without_stacks(json.loads(history.to_json())), indent=1)
        (HISTORIES / f"{name}.json").write_text(recorded + "\n")
        print(name, len(history.events), "events")


def _without_stacks(value: Any) -> Any:
    """Stack traces name files of the machine that recorded; replaying reads none of them."""
    match value:
        case dict():
            return {key: _without_stacks(inner) for key, inner in value.items() if key != "stackTrace"}
        case list():
            return [_without_stacks(inner) for inner in value]
        case _:
            return value


if __name__ == "__main__":
    asyncio.run(_record(sys.argv[1:]))
