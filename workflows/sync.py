"""A sync, from the tenant's first answer to a published snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Literal, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

# Pure modules, imported once for all workflows: the sandbox would build every model anew for each of them.
with workflow.unsafe.imports_passed_through():
    from holdfast import sync_contracts
    from holdfast.contracts import STATE_ATTRIBUTE
    from holdfast.execution import State, checked_transition
    from holdfast.sync.families import FAMILIES, Family, ready_families
    from holdfast.sync_contracts import (
        BuiltSnapshot,
        FamilyProgress,
        FamilyReport,
        SyncProgress,
        SyncRecord,
        SyncReport,
        SyncRequest,
        SyncStart,
    )
    from workflows.in_flight import InFlight, seen_through, words_of

# One small call, which may wait for one full rate-limit window of another client.
BEGIN_TIMEOUT = timedelta(minutes=2)
# Factors cost a call a person: 100,000 people at the 100 calls a minute of a small plan take 17 hours.
READ_TIMEOUT = timedelta(hours=24)
# Tables and graph of 100,000 people and 1,000,000 memberships take some 15 s; a loaded machine and a slow disk more.
BUILD_TIMEOUT = timedelta(minutes=30)
# A rename, some removed folders, one line of text.
FILES_TIMEOUT = timedelta(minutes=2)
# After this a killed worker is noticed and its activity done again; beats come every 2.5 s.
HEARTBEAT_TIMEOUT = timedelta(seconds=10)

# A person may be looking: a tenant that does not answer at all is said within half a minute.
FIRST_CONTACT = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10), maximum_attempts=6
)
# A tenant that answered before may be away for half an hour; every attempt goes on where the last one ended.
READING = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30), maximum_attempts=60
)
# Faults here are a full disk, for which somebody must make room, or a process that is being replaced.
LOCAL_WORK = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30), maximum_attempts=12
)

T = TypeVar("T")
Phase = Literal["starting", "reading", "building", "publishing", "done"]


class SyncCancelled(Exception):
    """Somebody asked for an end before anything was published."""


@workflow.defn
class SyncWorkflow:
    """Read every family, build a snapshot beside the published one, publish it, keep house.

    Started under `sync_workflow_id`, so that Temporal refuses a second one. A sync that fails or is cancelled changes
    nothing but the history, and ends its workflow with an ApplicationError (SyncFailed, SyncCancelled). Once it
    publishes it is no longer cancelled, whoever asks: what questions read and what is recorded must agree.
    """

    @workflow.init
    def __init__(self, request: SyncRequest) -> None:
        self._request = request
        self._state = State.QUEUED
        self._phase: Phase = "starting"
        self._started = workflow.now()
        self._start: SyncStart | None = None
        self._running: dict[str, FamilyProgress] = {}
        self._finished: dict[str, FamilyReport] = {}
        self._built: BuiltSnapshot | None = None
        self._notes: list[str] = []
        self._cancel_asked = False

    @workflow.run
    async def run(self, request: SyncRequest) -> SyncReport:
        """See the class."""
        self._move(State.RUNNING)
        try:
            await self._begin()
            await self._read_families()
            await self._build()
            await self._publish()
        except SyncCancelled as cancelled:
            await self._conclude(State.CANCELLED, "It was cancelled.")
            raise ApplicationError(
                "The sync was cancelled; nothing was changed.", type="SyncCancelled", non_retryable=True
            ) from cancelled
        except ActivityError as error:
            if is_cancelled_exception(error):
                await self._conclude(State.CANCELLED, "It was cancelled.")
                raise
            await self._conclude(State.FAILED, words_of(error))
            raise ApplicationError(words_of(error), type="SyncFailed", non_retryable=True) from error
        except asyncio.CancelledError:
            await self._conclude(State.CANCELLED, "It was cancelled.")
            raise
        await self._prune()
        return await self._report()

    # --- the chapters -------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        self._start = await self._unless_cancelled(
            workflow.execute_activity(
                sync_contracts.begin_sync,
                self._request,
                start_to_close_timeout=BEGIN_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=FIRST_CONTACT,
                summary="See that the tenant answers",
            )
        )
        self._notes.extend(self._start.notes)

    async def _read_families(self) -> None:
        self._enter("reading")
        running: dict[str, asyncio.Task[FamilyReport]] = {}
        async with InFlight(running.values()):
            while len(self._finished) < len(FAMILIES):
                for family in ready_families(self._finished.keys(), self._finished.keys() | running.keys()):
                    running[family.name] = self._read(family)
                await workflow.wait_condition(
                    lambda: self._cancel_asked or any(task.done() for task in running.values())
                )
                self._stop_if_cancelled()
                for name in [name for name, task in running.items() if task.done()]:
                    self._finished[name] = running.pop(name).result()
                    del self._running[name]
                self._show_details()

    async def _build(self) -> None:
        assert self._start is not None
        self._enter("building")
        self._built = await self._unless_cancelled(
            workflow.execute_activity(
                sync_contracts.build_snapshot,
                sync_contracts.SnapshotRequest(
                    sync_id=self._request.sync_id, start=self._start, started=self._started, finished=workflow.now()
                ),
                start_to_close_timeout=BUILD_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=LOCAL_WORK,
                summary="Build the graph beside the published one",
            )
        )

    async def _publish(self) -> None:
        assert self._built is not None
        self._enter("publishing")
        await seen_through(
            workflow.execute_activity(
                sync_contracts.publish_snapshot,
                self._built,
                start_to_close_timeout=FILES_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=LOCAL_WORK,
                summary="Let new questions read it",
            )
        )

    async def _prune(self) -> None:
        try:
            await seen_through(
                workflow.execute_activity(
                    sync_contracts.prune_syncs,
                    self._request.sync_id,
                    start_to_close_timeout=FILES_TIMEOUT,
                    heartbeat_timeout=HEARTBEAT_TIMEOUT,
                    retry_policy=LOCAL_WORK,
                    summary="Remove old snapshots and pages",
                )
            )
        except ActivityError as error:
            # The new snapshot is read already: that old ones take up room is no failure of the sync.
            self._notes.append(f"Old snapshots could not be removed: {words_of(error)}")

    async def _report(self) -> SyncReport:
        assert self._start is not None
        assert self._built is not None
        await self._conclude(State.COMPLETED, None)
        return SyncReport(
            sync_id=self._request.sync_id,
            mode=self._start.mode,
            tenant=self._start.tenant,
            snapshot_id=self._built.snapshot_id,
            started=self._started,
            finished=workflow.now(),
            families=tuple(self._finished[name] for name in FAMILIES),
            counts=self._built.counts,
            dropped=self._built.dropped,
            unknown=self._built.unknown,
            notes=(*self._notes, *self._built.notes),
        )

    # --- steering: handlers record, `run` acts ------------------------------------------------------------

    @workflow.signal
    def cancel(self) -> None:
        """End the sync; nothing is changed. Once it publishes, it is too late and the sync goes on."""
        self._cancel_asked = True

    @workflow.signal
    def family_progress(self, progress: FamilyProgress) -> None:
        """From the activities: how far a running family is."""
        if progress.family in self._running:
            self._running[progress.family] = progress
            self._show_details()

    @workflow.query
    def progress(self) -> SyncProgress:
        """One frozen snapshot of how far the sync is."""
        return SyncProgress(
            sync_id=self._request.sync_id,
            state=self._state,
            phase=self._phase,
            finished=tuple(self._finished.values()),
            running=tuple(self._running.values()),
            waiting=tuple(name for name in FAMILIES if name not in self._finished and name not in self._running),
        )

    # --- state --------------------------------------------------------------------------------------------

    def _read(self, family: Family) -> asyncio.Task[FamilyReport]:
        assert self._start is not None
        self._running[family.name] = FamilyProgress(family=family.name)
        return asyncio.create_task(
            workflow.execute_activity(
                sync_contracts.read_family,
                sync_contracts.FamilyRequest(
                    sync_id=self._request.sync_id,
                    tenant=self._start.tenant,
                    family=family.name,
                    base_sync_id=self._start.base_sync_id,
                ),
                start_to_close_timeout=READ_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=READING,
                summary=f"Read {family.name.replace('_', ' ')}",
            )
        )

    async def _conclude(self, state: State, error: str | None) -> None:
        """Write the sync into the history and show how it ended."""
        record = SyncRecord(
            sync_id=self._request.sync_id,
            mode=self._start.mode if self._start is not None else self._request.mode,
            started=self._started,
            finished=workflow.now(),
            success=error is None,
            snapshot_id=self._built.snapshot_id if self._built is not None and error is None else None,
            counts=self._built.counts if self._built is not None and error is None else {},
            error=error,
        )
        try:
            await seen_through(
                workflow.execute_activity(
                    sync_contracts.record_sync,
                    record,
                    start_to_close_timeout=FILES_TIMEOUT,
                    heartbeat_timeout=HEARTBEAT_TIMEOUT,
                    retry_policy=LOCAL_WORK,
                    summary="Write the history",
                )
            )
        except ActivityError as failure:
            self._notes.append(f"The sync could not be written into the history: {words_of(failure)}")
            workflow.logger.warning("sync_not_recorded", extra={"reason": words_of(failure)})
        self._running.clear()
        if state is State.COMPLETED:
            self._enter("done")
        self._move(state)
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _unless_cancelled(self, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        async with InFlight([task]):
            await workflow.wait_condition(lambda: task.done() or self._cancel_asked)
            self._stop_if_cancelled()
            return task.result()

    def _stop_if_cancelled(self) -> None:
        if self._cancel_asked:
            raise SyncCancelled

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._show_details()

    def _move(self, to: State) -> None:
        self._state = checked_transition(self._state, to)
        workflow.upsert_search_attributes([STATE_ATTRIBUTE.value_set(to.value)])
        self._show_details()

    def _show_details(self) -> None:
        """What Temporal's own UI shows, in Markdown."""
        lines = [f"**{self._state}**, {self._phase}", ""]
        for done in self._finished.values():
            unknown = f", {done.unknown:,} unknown" if done.unknown else ""
            lines.append(f"- `{done.family}` {done.rows:,} rows{unknown}")
        for now in self._running.values():
            of = f", {now.parents_done:,} of {now.parents:,}" if now.parents > 1 else ""
            trouble = f" ({now.trouble})" if now.trouble else ""
            lines.append(f"- `{now.family}` reading: {now.rows:,} rows{of}{trouble}")
        workflow.set_current_details("\n".join(lines))
