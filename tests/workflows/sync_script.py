"""Hand-written stand-ins for the activities of a sync: scripted, and noting in which order they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

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


def refusal(sentence: str) -> ApplicationError:
    return ApplicationError(sentence, type="OktaRefused", non_retryable=True)


class ScriptedSync:
    """`held` families wait until they are let go or cancelled; `failing` ones, and activities, are refused."""

    def __init__(self, *, held: tuple[str, ...] = (), failing: tuple[str, ...] = ()) -> None:
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.records: list[SyncRecord] = []
        self.let_go = asyncio.Event()
        self._held = held
        self._failing = failing

    @property
    def holds(self) -> bool:
        return bool(self._held)

    def all(self) -> list[Callable[..., Any]]:
        return [
            self.begin_sync,
            self.read_family,
            self.build_snapshot,
            self.publish_snapshot,
            self.prune_syncs,
            self.record_sync,
        ]

    def _note(self, name: str) -> None:
        self.asked.append(name)
        if name in self._failing:
            raise refusal(f"{name} was refused.")

    @activity.defn(name="begin_sync")
    async def begin_sync(self, request: SyncRequest) -> SyncStart:
        self._note("begin")
        return SyncStart(mode=request.mode, tenant="https://acme.test", base_sync_id=None, notes=("A note.",))

    @activity.defn(name="read_family")
    async def read_family(self, request: FamilyRequest) -> FamilyReport:
        self._note(request.family)
        if request.family in self._held:
            await self._wait(request.family)
        return FamilyReport(family=request.family, rows=3, pages=1, unknown=0, seconds=0.1)

    async def _wait(self, family: str) -> None:
        info = activity.info()
        assert info.workflow_id is not None
        handle = activity.client().get_workflow_handle(info.workflow_id)
        await handle.signal("family_progress", FamilyProgress(family=family, rows=2, pages=1, trouble="It is slow."))
        try:
            while not self.let_go.is_set():
                activity.heartbeat()
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            self.cancelled.append(family)
            raise

    @activity.defn(name="build_snapshot")
    async def build_snapshot(self, request: SnapshotRequest) -> BuiltSnapshot:
        self._note("build")
        return BuiltSnapshot(
            snapshot_id=request.sync_id, counts={"User": 3}, dropped={}, unknown=(), notes=("Another note.",)
        )

    @activity.defn(name="publish_snapshot")
    async def publish_snapshot(self, built: BuiltSnapshot) -> None:
        self._note("publish")
        if "publish" in self._held:
            await self._wait("publish")

    @activity.defn(name="prune_syncs")
    async def prune_syncs(self, sync_id: str) -> None:
        self._note("prune")

    @activity.defn(name="record_sync")
    async def record_sync(self, record: SyncRecord) -> None:
        self._note("record")
        self.records.append(record)
