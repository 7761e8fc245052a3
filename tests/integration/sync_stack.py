"""A demo tenant, a data folder and a worker that syncs the one into the other, for tests of whole syncs."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pyarrow.parquet as pq
from temporalio.client import Client
from temporalio.worker import Worker

from activities.syncing import SyncActivities
from holdfast.demo.company import Company
from holdfast.demo.options import DEMO_TOKEN, FaultOptions, RateLimitOptions, TenantOptions
from holdfast.demo.server import RunningTenant, running
from holdfast.graph.engine import EngineName
from holdfast.graph.manifest import ManifestDraft
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.settings import GraphSettings, OktaSettings, Settings
from holdfast.sync.history import SyncHistory
from holdfast.sync.tenant_sync import TenantSync
from holdfast.sync_contracts import SyncMode, SyncRecord, SyncReport, SyncRequest
from workflows.sync import SyncWorkflow

Rows = list[dict[str, Any]]


class WatchedStore(SnapshotStore):
    """Keeps a copy of the tables it builds from, which a sync removes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.seen = root.parent / "seen"

    def build(self, tables: Path, draft: ManifestDraft, engine: EngineName) -> Snapshot:
        shutil.copytree(tables, self.seen / draft.snapshot_id, dirs_exist_ok=True)
        return super().build(tables, draft, engine)


@dataclass
class Stack:
    client: Client
    queue: str
    tenant: RunningTenant
    data_dir: Path
    snapshots: WatchedStore
    settings: Settings

    def shared_tenant(self) -> SharedTenant:
        return SharedTenant(lambda: OktaClient.from_settings(self.settings.okta))

    @asynccontextmanager
    async def worker(self, queue: str) -> AsyncIterator[str]:
        """A further worker, which ends with the block whatever it is doing."""
        activities = SyncActivities(TenantSync.from_settings(self.settings, self.shared_tenant(), self.snapshots))
        async with Worker(self.client, task_queue=queue, workflows=[SyncWorkflow], activities=activities.all()):
            yield queue

    async def sync(self, mode: SyncMode = "full") -> SyncReport:
        request = SyncRequest(sync_id=f"s-{uuid4().hex[:8]}", mode=mode)
        return await self.client.execute_workflow(
            SyncWorkflow.run, request, id=f"sync-{uuid4()}", task_queue=self.queue
        )

    def table(self, report: SyncReport, name: str) -> Rows:
        rows: Rows = pq.read_table(self.snapshots.seen / report.snapshot_id / f"{name}.parquet").to_pylist()
        return rows

    def tables(self, report: SyncReport) -> dict[str, Rows]:
        return {name: sorted(self.table(report, name), key=repr) for name in report.counts}

    def requested(self) -> list[str]:
        """The paths that were answered well, in order."""
        lines = (self.data_dir / "requests.jsonl").read_bytes().splitlines()
        return [line["path"] for line in map(orjson.loads, lines) if line["status"] == 200 and not line["cut"]]

    def history(self) -> tuple[SyncRecord, ...]:
        return SyncHistory(self.data_dir / "sync").entries()


@asynccontextmanager
async def sync_stack(
    client: Client,
    data_dir: Path,
    company: Company,
    faults: FaultOptions | None = None,
    *,
    token: str = DEMO_TOKEN,
    keep: int = 3,
) -> AsyncIterator[Stack]:
    options = TenantOptions(
        rate_limits=RateLimitOptions(enabled=False),
        faults=faults or FaultOptions(),
        request_log=data_dir / "requests.jsonl",
    )
    async with running(company, options) as tenant:
        settings = Settings(
            data_dir=data_dir,
            okta=OktaSettings.model_validate({"url": tenant.url, "token": token}),
            graph=GraphSettings(keep_snapshots=keep),
        )
        snapshots = WatchedStore(data_dir / "graph")
        stack = Stack(client, f"test-{uuid4()}", tenant, data_dir, snapshots, settings)
        async with stack.worker(stack.queue):
            yield stack
