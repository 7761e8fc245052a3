"""What a sync's workflow and its activities exchange; see `holdfast.contracts`, which does the same for questions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from temporalio import activity

from holdfast.execution import State

SyncMode = Literal["full", "incremental"]


def sync_workflow_id(tenant: str) -> str:
    """The one workflow id for syncs of the tenant at this URL.

    Started with the conflict policy FAIL, a second sync is refused while one runs; `SyncRequest.sync_id` tells the
    runs apart.
    """
    return f"sync-{tenant.split('://')[-1].strip('/')}"


class SyncRequest(BaseModel):
    """Read the tenant into a new snapshot.

    `sync_id` is chosen by whoever starts it, once for each sync: it names the snapshot, the folder of pages and the
    line in the history.
    """

    model_config = ConfigDict(frozen=True)
    sync_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    mode: SyncMode = "full"


class SyncStart(BaseModel):
    """What a sync will do, settled before the first read: an incremental one without a base becomes full."""

    model_config = ConfigDict(frozen=True)
    mode: SyncMode
    tenant: str
    # The earlier sync whose rows an incremental one builds on.
    base_sync_id: str | None
    notes: tuple[str, ...] = ()


class FamilyRequest(BaseModel):
    """Read one family of a sync, going on after the pages that are already stored.

    `tenant` is the one that the sync began with; a worker may have been given another since.
    """

    model_config = ConfigDict(frozen=True)
    sync_id: str
    tenant: str
    family: str
    base_sync_id: str | None = None


class FamilyProgress(BaseModel):
    """How far a family is. `parents` is how many things it is read of (groups for memberships), 1 for a plain list."""

    model_config = ConfigDict(frozen=True)
    family: str
    rows: int = 0
    pages: int = 0
    parents_done: int = 0
    parents: int = 1
    # What keeps it from going on, in words, while it is tried again.
    trouble: str = ""


class FamilyReport(BaseModel):
    """What was read of one family."""

    model_config = ConfigDict(frozen=True)
    family: str
    rows: int
    pages: int
    # Reads the tenant did not answer (403, feature off …): unknown in the graph, never empty.
    unknown: int
    # Things that were deleted in the tenant while they were read.
    gone: int = 0
    # Things whose rows an incremental sync took from its base.
    carried_over: int = 0
    seconds: float


class SnapshotRequest(BaseModel):
    """Build the snapshot of a sync whose families are all read."""

    model_config = ConfigDict(frozen=True)
    sync_id: str
    start: SyncStart
    started: datetime
    finished: datetime


class BuiltSnapshot(BaseModel):
    """A whole snapshot that nobody reads yet."""

    model_config = ConfigDict(frozen=True)
    snapshot_id: str
    counts: dict[str, int]
    # Edges left out by table, because the thing at one end was not there.
    dropped: dict[str, int]
    # What could not be read, in sentences, a few subjects named.
    unknown: tuple[str, ...]
    notes: tuple[str, ...]


class SyncReport(BaseModel):
    """How a sync ended. `counts` by table of the new graph."""

    model_config = ConfigDict(frozen=True)
    sync_id: str
    mode: SyncMode
    tenant: str
    snapshot_id: str
    started: datetime
    finished: datetime
    families: tuple[FamilyReport, ...]
    counts: dict[str, int]
    dropped: dict[str, int] = Field(default_factory=dict)
    unknown: tuple[str, ...]
    # What a reader should know besides: the tenant moved while it was read, there was no base …
    notes: tuple[str, ...] = ()


class SyncRecord(BaseModel):
    """One line of the sync history: a sync that ended, well or not."""

    model_config = ConfigDict(frozen=True)
    sync_id: str
    mode: SyncMode
    started: datetime
    finished: datetime
    success: bool
    snapshot_id: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    error: str | None = None


class SyncProgress(BaseModel):
    """One frozen snapshot of a sync, as its `progress` query returns it."""

    model_config = ConfigDict(frozen=True)
    sync_id: str
    state: State
    phase: Literal["starting", "reading", "building", "publishing", "done"]
    finished: tuple[FamilyReport, ...]
    running: tuple[FamilyProgress, ...]
    waiting: tuple[str, ...]


@activity.defn(name="begin_sync")
async def begin_sync(request: SyncRequest) -> SyncStart:
    """See that the tenant answers and settle what the sync will do. Raises OktaRefused, SettingsError."""
    raise NotImplementedError


@activity.defn(name="read_family")
async def read_family(request: FamilyRequest) -> FamilyReport:
    """Read what is not yet stored of a family.

    Raises OktaRefused, OktaUnreachable, OktaServerError, StorageFull, SyncInconsistent, SettingsError (another tenant).
    """
    raise NotImplementedError


@activity.defn(name="build_snapshot")
async def build_snapshot(request: SnapshotRequest) -> BuiltSnapshot:
    """A snapshot beside the published one. Raises SyncInconsistent, StorageFull."""
    raise NotImplementedError


@activity.defn(name="publish_snapshot")
async def publish_snapshot(built: BuiltSnapshot) -> None:
    """Let new questions read it. Doing it again changes nothing."""
    raise NotImplementedError


@activity.defn(name="prune_syncs")
async def prune_syncs(sync_id: str) -> None:
    """Remove old snapshots and rows; `sync_id` and the newest others stay."""
    raise NotImplementedError


@activity.defn(name="record_sync")
async def record_sync(record: SyncRecord) -> None:
    """Append to the sync history, once for each sync."""
    raise NotImplementedError
