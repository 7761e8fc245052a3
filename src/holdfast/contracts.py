"""The names and typed signatures that workflows, activities and starters agree on.

Workflows call these declarations, so they never import an engine; `activities/` implements each under the same
name, and a test holds every declaration against its implementation.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from temporalio import activity
from temporalio.common import SearchAttributeKey

from holdfast.answer import (
    Column,
    FormattedAnswer,
    Gap,
    Generated,
    ModelUsage,
    PlanningOutcome,
    Question,
    SnapshotRef,
    StepReport,
    StepResult,
)
from holdfast.execution import State, StepState
from holdfast.plan import Plan, Step

TASK_QUEUE = "holdfast"

STATE_ATTRIBUTE = SearchAttributeKey.for_keyword("HoldfastState")


# --- what a question's workflow and its activities exchange -------------------------------------------------


class PlanRequest(BaseModel):
    """Understand this question."""

    model_config = ConfigDict(frozen=True)
    question: Question


class EarlierStep(BaseModel):
    """What a later step's writer sees of a finished one: samples and context, never all the rows."""

    model_config = ConfigDict(frozen=True)
    step: Step
    generated: Generated
    columns: tuple[Column, ...]
    row_count: int
    samples: tuple[dict[str, JsonValue], ...]


class StepRequest(BaseModel):
    """Run one step against one snapshot."""

    model_config = ConfigDict(frozen=True)
    correlation_id: str
    question: str
    snapshot: SnapshotRef
    step: Step
    earlier: tuple[EarlierStep, ...]
    # What the question has asked of models before.
    spent: ModelUsage | None = None


class FormatRequest(BaseModel):
    """Make one table or text out of what the steps found. `gaps` must reach the reader."""

    model_config = ConfigDict(frozen=True)
    correlation_id: str
    question: str
    plan: Plan
    snapshot: SnapshotRef
    results: tuple[StepResult, ...]
    gaps: tuple[Gap, ...]
    spent: ModelUsage | None = None


class Decision(StrEnum):
    """What a reviewer says of a plan."""

    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"


class Review(BaseModel):
    """A reviewer's decision; `plan` is there exactly when the decision is to edit."""

    model_config = ConfigDict(frozen=True)
    decision: Decision
    reviewer: str
    comment: str = ""
    plan: Plan | None = None


class StepProgress(BaseModel):
    """One step in a progress snapshot."""

    model_config = ConfigDict(frozen=True)
    step_id: str
    tool: str
    entity: str
    operation: str
    state: StepState
    row_count: int | None
    error: str | None


class Progress(BaseModel):
    """One frozen snapshot of a question, as the `progress` query returns it."""

    model_config = ConfigDict(frozen=True)
    correlation_id: str
    question: str
    state: State
    # Why a person is waited for, while BLOCKED.
    waiting_for: str | None
    plan: Plan | None
    steps: tuple[StepProgress, ...]


@activity.defn(name="plan_question")
async def plan_question(request: PlanRequest) -> PlanningOutcome:
    """A plan, a refusal or a question back. Raises NoSnapshot, InvalidQuestion, PlanRejected, Model…"""
    raise NotImplementedError


@activity.defn(name="run_cypher_step")
async def run_cypher_step(request: StepRequest) -> StepResult:
    """The rows of one step, by reference. Raises QueryRefused, QueryFailed, SnapshotDamaged, StorageFull, Model…"""
    raise NotImplementedError


@activity.defn(name="format_answer")
async def format_answer(request: FormatRequest) -> FormattedAnswer:
    """The answer as it is shown, computed over all rows. Raises PresentationRejected, StorageFull, Model…"""
    raise NotImplementedError


# --- what a sync's workflow and its activities exchange -----------------------------------------------------


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


__all__ = [
    "STATE_ATTRIBUTE",
    "TASK_QUEUE",
    "BuiltSnapshot",
    "Decision",
    "EarlierStep",
    "FamilyProgress",
    "FamilyReport",
    "FamilyRequest",
    "FormatRequest",
    "PlanRequest",
    "Progress",
    "Review",
    "SnapshotRequest",
    "StepProgress",
    "StepReport",
    "StepRequest",
    "SyncMode",
    "SyncProgress",
    "SyncRecord",
    "SyncReport",
    "SyncRequest",
    "SyncStart",
    "begin_sync",
    "build_snapshot",
    "format_answer",
    "plan_question",
    "prune_syncs",
    "publish_snapshot",
    "read_family",
    "record_sync",
    "run_cypher_step",
    "sync_workflow_id",
]
