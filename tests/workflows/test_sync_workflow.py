from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, CancelledError, WorkflowAlreadyStartedError
from temporalio.worker import Worker

from holdfast.contracts import STATE_ATTRIBUTE
from holdfast.execution import State
from holdfast.sync.families import FAMILIES, prerequisites
from holdfast.sync_contracts import SyncProgress, SyncReport, SyncRequest, sync_workflow_id
from tests.workflows.sync_script import ScriptedSync
from workflows.sync import SyncWorkflow

Handle = WorkflowHandle[SyncWorkflow, SyncReport]


@asynccontextmanager
async def synced(client: Client, script: ScriptedSync) -> AsyncIterator[Handle]:
    queue = f"test-{uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[SyncWorkflow],
        activities=script.all(),
        # A cancellation travels with a heartbeat's answer: the tests do not wait ten seconds for one.
        max_heartbeat_throttle_interval=timedelta(milliseconds=100),
    ):
        request = SyncRequest(sync_id="s-1", mode="full")
        yield await client.start_workflow(SyncWorkflow.run, request, id=f"sync-{uuid4()}", task_queue=queue)


async def until(handle: Handle, test: Callable[[SyncProgress], bool]) -> SyncProgress:
    while not test(progress := await handle.query(SyncWorkflow.progress)):
        await asyncio.sleep(0.02)
    return progress


async def failure_of(handle: Handle) -> ApplicationError:
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    return caught.value.cause


async def state_of(handle: Handle) -> str | None:
    return (await handle.describe()).typed_search_attributes.get(STATE_ATTRIBUTE)


async def test_a_sync_reads_every_family_then_builds_publishes_prunes_and_records(temporal_client: Client) -> None:
    script = ScriptedSync()
    async with synced(temporal_client, script) as handle:
        report = await handle.result()
        progress = await handle.query(SyncWorkflow.progress)
        assert await state_of(handle) == State.COMPLETED
    assert script.asked[0] == "begin"
    assert script.asked[-4:] == ["build", "publish", "prune", "record"]
    assert sorted(script.asked[1:-4]) == sorted(FAMILIES)
    assert report.notes == ("A note.", "Another note.")
    assert report.counts == {"User": 3}
    assert (script.records[0].success, script.records[0].snapshot_id) == (True, "s-1")
    assert (progress.phase, progress.state, progress.running, progress.waiting) == ("done", State.COMPLETED, (), ())


async def test_a_family_is_read_after_the_families_it_needs(temporal_client: Client) -> None:
    script = ScriptedSync()
    async with synced(temporal_client, script) as handle:
        await handle.result()
    for family in FAMILIES.values():
        for earlier in prerequisites(family):
            assert script.asked.index(earlier) < script.asked.index(family.name)


async def test_progress_tells_what_runs_how_far_it_is_and_what_keeps_it(temporal_client: Client) -> None:
    script = ScriptedSync(held=("users",))
    async with synced(temporal_client, script) as handle:
        progress = await until(handle, lambda p: any(f.trouble for f in p.running))
        assert progress.phase == "reading"
        (users,) = (f for f in progress.running if f.family == "users")
        assert (users.rows, users.trouble) == (2, "It is slow.")
        assert "factors" in progress.waiting
        script.let_go.set()
        await handle.result()


async def test_a_failed_sync_builds_and_publishes_nothing_and_is_recorded_with_its_reason(
    temporal_client: Client,
) -> None:
    script = ScriptedSync(failing=("apps",))
    async with synced(temporal_client, script) as handle:
        error = await failure_of(handle)
        assert await state_of(handle) == State.FAILED
    assert (error.type, error.message) == ("SyncFailed", "apps was refused.")
    assert not {"build", "publish", "prune"} & set(script.asked)
    (record,) = script.records
    assert (record.success, record.error, record.snapshot_id) == (False, "apps was refused.", None)


async def test_a_sync_that_cannot_publish_is_a_failure(temporal_client: Client) -> None:
    script = ScriptedSync(failing=("publish",))
    async with synced(temporal_client, script) as handle:
        error = await failure_of(handle)
    assert error.message == "publish was refused."
    assert [record.success for record in script.records] == [False]


async def test_old_snapshots_that_cannot_be_removed_are_a_note_and_no_failure(temporal_client: Client) -> None:
    script = ScriptedSync(failing=("prune",))
    async with synced(temporal_client, script) as handle:
        report = await handle.result()
    assert "Old snapshots could not be removed: prune was refused." in report.notes
    assert script.records[0].success


async def test_a_cancelled_sync_stops_its_reads_and_publishes_nothing(temporal_client: Client) -> None:
    script = ScriptedSync(held=("factors",))
    async with synced(temporal_client, script) as handle:
        await until(handle, lambda p: any(f.family == "factors" and f.rows for f in p.running))
        await handle.signal(SyncWorkflow.cancel)
        error = await failure_of(handle)
        assert await state_of(handle) == State.CANCELLED
        while not script.cancelled:
            await asyncio.sleep(0.02)
    assert error.type == "SyncCancelled"
    assert "publish" not in script.asked
    assert script.records[0].error == "It was cancelled."


async def test_cancelling_the_workflow_itself_is_recorded_too(temporal_client: Client) -> None:
    script = ScriptedSync(held=("users",))
    async with synced(temporal_client, script) as handle:
        await until(handle, lambda p: any(f.family == "users" and f.rows for f in p.running))
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        assert isinstance(caught.value.cause, CancelledError)
        assert await state_of(handle) == State.CANCELLED
    assert [record.success for record in script.records] == [False]


async def test_a_workflow_cancelled_while_it_publishes_goes_on_and_records_what_it_published(
    temporal_client: Client,
) -> None:
    script = ScriptedSync(held=("publish",))
    async with synced(temporal_client, script) as handle:
        await until(handle, lambda p: p.phase == "publishing")
        await handle.cancel()
        # A query is answered only after the cancellation was taken in.
        await until(handle, lambda p: p.phase == "publishing")
        script.let_go.set()
        report = await handle.result()
        assert await state_of(handle) == State.COMPLETED
    assert script.cancelled == []
    assert [(record.success, record.snapshot_id) for record in script.records] == [(True, report.snapshot_id)]


async def test_a_second_sync_of_a_tenant_is_refused_while_one_runs(temporal_client: Client) -> None:
    name = sync_workflow_id(f"https://{uuid4()}.example/")
    script, queue = ScriptedSync(held=("users",)), f"test-{uuid4()}"
    async with Worker(temporal_client, task_queue=queue, workflows=[SyncWorkflow], activities=script.all()):
        first = await temporal_client.start_workflow(
            SyncWorkflow.run, SyncRequest(sync_id="s-1"), id=name, task_queue=queue
        )
        with pytest.raises(WorkflowAlreadyStartedError):
            await temporal_client.start_workflow(
                SyncWorkflow.run,
                SyncRequest(sync_id="s-2"),
                id=name,
                task_queue=queue,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            )
        script.let_go.set()
        assert (await first.result()).sync_id == "s-1"
