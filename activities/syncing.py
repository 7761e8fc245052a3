"""Syncing the tenant: reading families, building, publishing and pruning snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.service import RPCError

from activities.failures import translated
from activities.liveness import beating
from holdfast.errors import TransientError
from holdfast.sync.tenant_sync import TenantSync
from holdfast.sync_contracts import (
    BuiltSnapshot,
    FamilyProgress,
    FamilyReport,
    FamilyRequest,
    SnapshotRequest,
    SyncRecord,
    SyncRequest,
    SyncStart,
)

# A signal is an event in the sync's history for ever: at least so far apart, and further the more there is to tell.
_PROGRESS_EVERY = timedelta(seconds=2)
_PROGRESS_GROWTH = 1.05


class SyncActivities:
    """The chapters of a sync as activities."""

    def __init__(self, sync: TenantSync) -> None:
        self._sync = sync

    def all(self) -> list[Callable[..., Any]]:
        """Every activity, for the worker."""
        return [
            self.begin_sync,
            self.read_family,
            self.build_snapshot,
            self.publish_snapshot,
            self.prune_syncs,
            self.record_sync,
        ]

    @activity.defn(name="begin_sync")
    @translated
    @beating
    async def begin_sync(self, request: SyncRequest) -> SyncStart:
        """See `holdfast.sync_contracts.begin_sync`."""
        return await self._sync.begin(request)

    @activity.defn(name="read_family")
    @translated
    @beating
    async def read_family(self, request: FamilyRequest) -> FamilyReport:
        """See `holdfast.sync_contracts.read_family`."""
        progress = _ProgressSignals(request.family)
        async with progress.sending():
            return await self._sync.read(request, progress.show)

    @activity.defn(name="build_snapshot")
    @translated
    @beating
    async def build_snapshot(self, request: SnapshotRequest) -> BuiltSnapshot:
        """See `holdfast.sync_contracts.build_snapshot`."""
        return await asyncio.to_thread(self._sync.build, request)

    @activity.defn(name="publish_snapshot")
    @translated
    @beating
    async def publish_snapshot(self, built: BuiltSnapshot) -> None:
        """See `holdfast.sync_contracts.publish_snapshot`."""
        await asyncio.to_thread(self._sync.publish, built.snapshot_id)

    @activity.defn(name="prune_syncs")
    @translated
    @beating
    async def prune_syncs(self, sync_id: str) -> None:
        """See `holdfast.sync_contracts.prune_syncs`."""
        await asyncio.to_thread(self._sync.prune, sync_id)

    @activity.defn(name="record_sync")
    @translated
    @beating
    async def record_sync(self, record: SyncRecord) -> None:
        """See `holdfast.sync_contracts.record_sync`."""
        await asyncio.to_thread(self._sync.record, record)


class _ProgressSignals:
    """Tells the workflow how far a family is, seldom enough for any size of tenant (some hundred times at most)."""

    def __init__(self, family: str) -> None:
        self._latest = FamilyProgress(family=family)
        self._told_pages = 0

    def show(self, progress: FamilyProgress) -> None:
        """Keep it; it is sent when its time has come."""
        self._latest = progress

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Send while the block runs, and once more what keeps it from going on when it fails for a while."""
        task = asyncio.create_task(self._send_now_and_then())
        try:
            yield
        except (TransientError, OSError) as error:
            await self._send(self._latest.model_copy(update={"trouble": str(error)}))
            raise
        finally:
            task.cancel()

    async def _send_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_EVERY.total_seconds())
            if self._latest.pages > self._told_pages * _PROGRESS_GROWTH:
                self._told_pages = self._latest.pages
                await self._send(self._latest)

    async def _send(self, progress: FamilyProgress) -> None:
        info = activity.info()
        assert info.workflow_id is not None
        handle = activity.client().get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
        # Progress is for eyes only: the next one tells the same and more.
        with suppress(RPCError):
            await handle.signal("family_progress", progress)
