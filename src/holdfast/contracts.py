"""The names and typed signatures that workflows, activities and starters agree on.

Workflows call these declarations, so they never import an engine; `activities/` implements each under the same
name, and a test holds every declaration against its implementation.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from temporalio import activity
from temporalio.common import SearchAttributeKey

from holdfast.answer import (
    ArtifactRef,
    Effort,
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
from holdfast.execution import State, StepRecord, StepState
from holdfast.plan import Plan, Step

TASK_QUEUE = "holdfast"

STATE_ATTRIBUTE = SearchAttributeKey.for_keyword("HoldfastState")


# --- what a question's workflow and its activities exchange -------------------------------------------------


class PlanRequest(BaseModel):
    """Understand this question."""

    model_config = ConfigDict(frozen=True)
    question: Question


class EarlierStep(BaseModel):
    """A finished step, as a later one sees it: all its rows by reference; its writer gets samples and context only."""

    model_config = ConfigDict(frozen=True)
    step: Step
    generated: Generated
    rows: ArtifactRef
    samples: tuple[dict[str, JsonValue], ...]

    @staticmethod
    def of(record: StepRecord) -> EarlierStep:
        """The step of a record that ended well."""
        assert record.result is not None
        result = record.result
        return EarlierStep(step=record.step, generated=result.generated, rows=result.rows, samples=result.samples)


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


class RefusedProgram(BaseModel):
    """A program that was not run, or failed, and the whole diagnostics."""

    model_config = ConfigDict(frozen=True)
    text: str
    diagnostics: str


class ProgramRequest(BaseModel):
    """Write the program of an API step. `refused` are those that ran and failed."""

    model_config = ConfigDict(frozen=True)
    step: StepRequest
    refused: tuple[RefusedProgram, ...] = ()


class PromisedColumn(BaseModel):
    """A column that a program's rows will have. `time` is ISO 8601 text in the rows; `record` any nested value."""

    model_config = ConfigDict(frozen=True)
    name: str
    kind: Literal["text", "integer", "number", "flag", "time", "list", "record"]


class WrittenProgram(BaseModel):
    """A program that passed every check, and all that must be the same when it is run again.

    `now` is the clock it sees, `seed` its randomness; `endpoints` are the only ones that it can name.
    """

    model_config = ConfigDict(frozen=True)
    generated: Generated
    endpoints: tuple[str, ...]
    columns: tuple[PromisedColumn, ...]
    explanation: str
    # Calls of the tenant that it will make, as far as that can be told before; None where it cannot.
    estimated_calls: int | None
    # What the writer says of rate limits.
    rate_limit_note: str = ""
    now: datetime
    seed: int
    effort: Effort


class CallAllowance(BaseModel):
    """How many calls of the tenant a reviewer allowed a step in all.

    None: any number. `with_what_is_there`: not one more; the step ends with what was read.
    """

    model_config = ConfigDict(frozen=True)
    calls: int | None
    with_what_is_there: bool = False


class ProgramRun(BaseModel):
    """Run a written program, or go on with it. Without an `allowance` the policy says when a person is asked."""

    model_config = ConfigDict(frozen=True)
    step: StepRequest
    program: WrittenProgram
    allowance: CallAllowance | None = None


class ProgramRows(BaseModel):
    """A program that ran to its end."""

    model_config = ConfigDict(frozen=True)
    kind: Literal["rows"] = "rows"
    result: StepResult


class CallsWanted(BaseModel):
    """A program that stands at its budget; what it read is kept, and it goes on there.

    `calls_to_come` and `minutes` (at the tenant's rate limit) are None where nobody can tell.
    """

    model_config = ConfigDict(frozen=True)
    kind: Literal["calls_wanted"] = "calls_wanted"
    calls_made: int
    calls_to_come: int | None
    minutes: float | None
    # Why a person is asked, in words.
    reason: str


ProgramOutcome = Annotated[ProgramRows | CallsWanted, Field(discriminator="kind")]


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
    """What a reviewer says of a plan, or of a step that wants more calls than policy allows."""

    APPROVE = "approve"
    REJECT = "reject"
    # Of a plan only.
    EDIT = "edit"
    # Of a step only: no further call; answer with what was read, the gap stated.
    STOP = "stop"


class Review(BaseModel):
    """A reviewer's decision on the plan, or on the step `step_id`; None: on whatever waits, if it is one thing.

    `plan` is there exactly when the decision is to edit. `further_calls` bounds what is approved of a step; None: any
    number.
    """

    model_config = ConfigDict(frozen=True)
    decision: Decision
    reviewer: str
    comment: str = ""
    step_id: str | None = None
    plan: Plan | None = None
    further_calls: int | None = Field(None, ge=1)


class Waiting(BaseModel):
    """Something that a person must decide: the plan (`step_id` None), or a step that wants more calls."""

    model_config = ConfigDict(frozen=True)
    step_id: str | None
    reason: str
    calls_wanted: CallsWanted | None = None


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
    # What a person must decide before it goes on.
    waiting: tuple[Waiting, ...]
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


@activity.defn(name="write_program")
async def write_program(request: ProgramRequest) -> WrittenProgram:
    """A program for an API step that passed every check. Raises NoEndpoint, ProgramRefused, Model…"""
    raise NotImplementedError


@activity.defn(name="run_program")
async def run_program(run: ProgramRun) -> ProgramOutcome:
    """Its rows, or what it would cost further; goes on where an earlier attempt was.

    Raises ProgramFailed, ProgramOverLimit, SandboxDied, Okta…, StorageFull, ArtifactMissing.
    """
    raise NotImplementedError


@activity.defn(name="run_sql_step")
async def run_sql_step(request: StepRequest) -> StepResult:
    """The rows of a query over earlier steps' rows. Raises QueryRefused, QueryFailed, StorageFull, Model…"""
    raise NotImplementedError


@activity.defn(name="run_special_step")
async def run_special_step(request: StepRequest) -> StepResult:
    """The rows of a special tool. Raises ToolRefused, Okta…, StorageFull."""
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
    "CallAllowance",
    "CallsWanted",
    "Decision",
    "EarlierStep",
    "FamilyProgress",
    "FamilyReport",
    "FamilyRequest",
    "FormatRequest",
    "PlanRequest",
    "ProgramOutcome",
    "ProgramRequest",
    "ProgramRows",
    "ProgramRun",
    "Progress",
    "PromisedColumn",
    "RefusedProgram",
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
    "Waiting",
    "WrittenProgram",
    "begin_sync",
    "build_snapshot",
    "format_answer",
    "plan_question",
    "prune_syncs",
    "publish_snapshot",
    "read_family",
    "record_sync",
    "run_cypher_step",
    "run_program",
    "run_special_step",
    "run_sql_step",
    "sync_workflow_id",
    "write_program",
]
