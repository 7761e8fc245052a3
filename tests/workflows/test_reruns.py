"""Questions that go on from earlier ones, on the real server: what is reused, what runs, and what the answer says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from holdfast.answer import Answer, Outcome
from holdfast.contracts import TASK_QUEUE
from holdfast.events import PlanGenerated, StepEnded, StepStarted
from holdfast.settings import load_settings
from starter import questions, reruns
from starter.changes import Changes
from starter.connection import Connection
from starter.streams import events_of
from tests.workflows.fakes import ScriptedActivities, planned, refusal, step
from workflows.query import QueryWorkflow


@pytest.fixture
def connection(temporal_client: Client, tmp_path: Path) -> Connection:
    return Connection(temporal_client, load_settings(data_dir=tmp_path), None)


@asynccontextmanager
async def working(connection: Connection, script: ScriptedActivities) -> AsyncIterator[None]:
    async with Worker(connection.client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all()):
        yield


async def asked(connection: Connection, *, approve_plan: bool = False) -> str:
    started, _ = await questions.start(connection, "who?", asker="ada", approve_plan=approve_plan)
    return started.id


async def answered(connection: Connection, script: ScriptedActivities) -> Answer:
    """The answer of a question that these activities answer."""
    async with working(connection, script):
        return await questions.answer_of(connection, await asked(connection))


async def retried(connection: Connection, question_id: str, script: ScriptedActivities) -> Answer:
    async with working(connection, script):
        again, _ = await reruns.retry(connection, question_id, asker="bob")
        return await questions.answer_of(connection, again.id)


async def rerun(connection: Connection, question_id: str, script: ScriptedActivities, **changes: object) -> Answer:
    async with working(connection, script):
        again, _ = await reruns.rerun(connection, question_id, Changes.model_validate(changes), asker="bob")
        return await questions.answer_of(connection, again.id)


def ran(script: ScriptedActivities) -> set[str]:
    """The steps that ran."""
    return {name for name in script.asked if name not in {"plan", "adopt", "format"}}


STEPS = (step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))


async def test_a_retry_reuses_every_finished_step_and_runs_the_failed_and_unstarted_ones(
    connection: Connection,
) -> None:
    failed = await answered(connection, ScriptedActivities(planned(*STEPS), {"a": 3, "c": refusal("no")}))
    script = ScriptedActivities(planned(*STEPS), {"c": 5})
    answer = await retried(connection, failed.correlation_id, script)
    assert answer.outcome is Outcome.ANSWERED
    assert script.asked["plan"] == 0
    finished = {report.step_id for report in failed.steps if report.success}
    assert {"a"} <= finished
    assert ran(script) == {"a", "b", "c", "d"} - finished
    assert {r.step_id for r in answer.steps if r.reused_from == failed.correlation_id} == finished
    assert answer.origin is not None
    assert (answer.origin.kind, answer.origin.question_id) == ("retry", failed.correlation_id)
    assert answer.snapshot == failed.snapshot
    assert answer.plan == failed.plan
    rows = {r.step_id: r.result.rows.key for r in answer.steps if r.result is not None}
    assert rows == {name: f"{answer.correlation_id}/{name}" for name in "abcd"}, "every row is the new question's own"


async def test_what_is_known_of_a_retry_without_a_worker_refers_to_the_failed_question(connection: Connection) -> None:
    failed = await answered(connection, ScriptedActivities(planned(*STEPS), {"b": refusal("no")}))
    async with working(connection, ScriptedActivities(planned(*STEPS))):
        again, is_new = await reruns.retry(connection, failed.correlation_id, asker="bob")
        await questions.answer_of(connection, again.id)
        progress = await questions.progress_of(connection, again.id)
    known = await questions.asked(connection, again.id)
    described = await connection.client.get_workflow_handle(again.id).describe()
    assert is_new
    assert known.asker == "bob"
    assert known.origin == again.origin
    assert known.origin is not None
    assert known.origin.words == f"retry of {failed.correlation_id}"
    assert failed.correlation_id in (await described.static_details() or "")
    assert progress is not None
    assert progress.origin == known.origin
    assert [s.reused_from for s in progress.steps if s.step_id == "a"] == [failed.correlation_id]


async def test_viewers_of_a_retry_see_where_it_goes_on_from_and_what_is_reused(connection: Connection) -> None:
    failed = await answered(connection, ScriptedActivities(planned(step("a"), step("b", "a")), {"b": refusal("no")}))
    async with working(connection, ScriptedActivities(planned(*STEPS))):
        again, _ = await reruns.retry(connection, failed.correlation_id, asker="ada")
        seen = [event async for _, event in events_of(connection, again.id, 0)]
    made = [event for event in seen if isinstance(event, PlanGenerated)]
    assert [each.origin for each in made] == [again.origin]
    ended = {e.step_id: e.reused_from for e in seen if isinstance(e, StepEnded)}
    assert ended == {"a": failed.correlation_id, "b": None}
    assert [e.step_id for e in seen if isinstance(e, StepStarted)] == ["b"]
