"""A sync of one tenant into one data folder: each chapter of it as a plain function of what is on disk.

Every method may be called again after a crash: it goes on where the files say, and ends in the same state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import structlog

from holdfast.errors import SettingsError, SyncInconsistent
from holdfast.graph.engine import EngineName
from holdfast.graph.manifest import ManifestDraft
from holdfast.graph.snapshots import SnapshotStore
from holdfast.settings import Settings
from holdfast.sync.consolidation import consolidate
from holdfast.sync.families import FAMILIES, WHOLE, Family
from holdfast.sync.folders import SyncFolder, sync_folders
from holdfast.sync.history import SyncHistory
from holdfast.sync.parents import Base, carried_over, parents_of
from holdfast.sync.reading import FamilyWork, ShowProgress, Tenant, read_family
from holdfast.sync.tables import make_tables
from holdfast.sync.unknown import in_sentences
from holdfast.sync_contracts import (
    BuiltSnapshot,
    FamilyReport,
    FamilyRequest,
    SnapshotRequest,
    SyncRecord,
    SyncRequest,
    SyncStart,
)

OpenTenant = Callable[[], AbstractAsyncContextManager[Tenant]]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SyncPlace:
    """Which tenant is synced, and where to. `root` is `data_dir/sync`; `keep` snapshots and bases stay."""

    tenant: str
    root: Path
    engine: EngineName
    keep: int


class TenantSync:
    """The chapters of a sync, in the order of their methods."""

    def __init__(self, place: SyncPlace, open_tenant: OpenTenant, snapshots: SnapshotStore) -> None:
        self._place = place
        self._open_tenant = open_tenant
        self._snapshots = snapshots
        self._history = SyncHistory(place.root)

    @classmethod
    def from_settings(cls, settings: Settings, open_tenant: OpenTenant, snapshots: SnapshotStore) -> TenantSync:
        """The sync of the configured tenant. What is missing is said by `begin`, so that a worker starts without."""
        place = SyncPlace(
            tenant=(settings.okta.url or "").rstrip("/"),
            root=settings.data_dir / "sync",
            engine=settings.graph.engine,
            keep=settings.graph.keep_snapshots,
        )
        return cls(place, open_tenant, snapshots)

    async def begin(self, request: SyncRequest) -> SyncStart:
        """See that the tenant lets its people be read, and settle the mode. Raises the Okta errors."""
        async with self._open_tenant() as tenant:
            await tenant.get("/api/v1/users", {"limit": 1})
        if request.mode == "full":
            return SyncStart(mode="full", tenant=self._place.tenant, base_sync_id=None)
        base = await asyncio.to_thread(self._newest_base)
        if base is not None:
            return SyncStart(mode="incremental", tenant=self._place.tenant, base_sync_id=base)
        note = "There is no earlier sync of this tenant to build on, so everything was read."
        return SyncStart(mode="full", tenant=self._place.tenant, base_sync_id=None, notes=(note,))

    async def read(self, request: FamilyRequest, show: ShowProgress) -> FamilyReport:
        """Read what is not stored yet of one family.

        Raises the Okta errors, StorageFull, SyncInconsistent, and SettingsError once another tenant is configured:
        pages of two tenants must not meet in one snapshot.
        """
        if request.tenant != self._place.tenant:
            raise SettingsError(
                f"This sync began to read {request.tenant}, and HOLDFAST_OKTA__URL is {self._place.tenant} now. "
                "Nothing was published; run `holdfast sync` to read that one."
            )
        family, folder = FAMILIES[request.family], self._folder(request.sync_id)
        work = await asyncio.to_thread(self._work, family, folder, request.base_sync_id)
        pages = folder.pages(family.name)
        async with pages.to_itself(), self._open_tenant() as tenant:
            report = await read_family(tenant, pages, work, show)
        _log.info("family_read", sync=request.sync_id, **report.model_dump())
        return report

    def build(self, request: SnapshotRequest) -> BuiltSnapshot:
        """Tables from the pages, and the snapshot from the tables. Blocks; raises SyncInconsistent, StorageFull."""
        folder = self._folder(request.sync_id)
        base = self._base(request.start.base_sync_id)
        rows = consolidate(folder, request.start.tenant, request.started, base)
        with folder.tables() as place:
            tables = make_tables(rows.families, place)
            draft = ManifestDraft(
                snapshot_id=request.sync_id,
                tenant=request.start.tenant,
                mode=request.start.mode,
                sync_started=request.started,
                sync_finished=request.finished,
                graph_schema=tables.schema,
                unknown=tables.unknown,
                carried_over=rows.carried_over(request.started),
            )
            snapshot = self._snapshots.build(place, draft, self._place.engine)
        return BuiltSnapshot(
            snapshot_id=snapshot.manifest.snapshot_id,
            counts=snapshot.manifest.counts,
            dropped=tables.dropped,
            unknown=in_sentences(tables.unknown),
            notes=tables.notes,
        )

    def publish(self, snapshot_id: str) -> None:
        """Let new questions read the snapshot. Raises NoSnapshot, SnapshotDamaged."""
        self._snapshots.publish(self._snapshots.get(snapshot_id))

    def prune(self, sync_id: str) -> None:
        """Remove the pages of this sync, whose rows hold them, and all but the newest bases and snapshots."""
        self._snapshots.prune(self._place.keep)
        self._folder(sync_id).drop_pages()
        earlier = [entry.sync_id for entry in self._history.entries() if entry.success and entry.sync_id != sync_id]
        kept = {sync_id, *earlier[::-1][: self._place.keep - 1]}
        # One sync of a tenant runs at a time, so any other folder belongs to a sync that ended.
        for folder in sync_folders(self._place.root):
            if folder.sync_id not in kept:
                folder.remove()

    def record(self, record: SyncRecord) -> None:
        """Write the sync into the history, once."""
        self._history.append(record)
        _log.info("sync_ended", **record.model_dump(mode="json"))

    def _folder(self, sync_id: str) -> SyncFolder:
        return SyncFolder(self._place.root, sync_id)

    def _newest_base(self) -> str | None:
        for entry in reversed(self._history.entries()):
            reads = self._folder(entry.sync_id).reads() if entry.success else None
            if reads is not None and reads.tenant == self._place.tenant:
                return entry.sync_id
        return None

    def _base(self, sync_id: str | None) -> Base | None:
        if sync_id is None:
            return None
        folder = self._folder(sync_id)
        reads = folder.reads()
        if reads is None:
            raise SyncInconsistent(
                f"The rows of sync {sync_id}, on which this one builds, are gone. Run `holdfast sync` in full."
            )
        return Base(folder, reads)

    def _work(self, family: Family, folder: SyncFolder, base_sync_id: str | None) -> FamilyWork:
        refusal = _refusal_of_parents(family, folder)
        if refusal is not None:
            folder.pages(family.name).mark_family_unknown(refusal)
            return FamilyWork(family, ())
        parents = parents_of(family, folder)
        base = self._base(base_sync_id)
        carried = carried_over(family, folder, base) if base is not None else frozenset[str]()
        return FamilyWork(family, [parent for parent in parents if parent not in carried], len(carried))


def _refusal_of_parents(family: Family, folder: SyncFolder) -> str | None:
    """Why the tenant did not list what the family is read of: then all of the family is unknown, not empty."""
    # Without the user types there is still the default one.
    if family.parents_from is None or family.name == "user_schemas":
        return None
    return folder.pages(family.parents_from).reasons().get(WHOLE)
