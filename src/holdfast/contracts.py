"""The names and typed signatures that workflows, activities and starters agree on.

Workflows call these declarations, so they never import an engine; `activities/` implements each under the same
name, and a test holds every declaration against its implementation.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue
from temporalio import activity
from temporalio.common import SearchAttributeKey

from holdfast.answer import (
    Column,
    FormattedAnswer,
    Gap,
    Generated,
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


class FormatRequest(BaseModel):
    """Make one table or text out of what the steps found. `gaps` must reach the reader."""

    model_config = ConfigDict(frozen=True)
    correlation_id: str
    question: str
    plan: Plan
    snapshot: SnapshotRef
    results: tuple[StepResult, ...]
    gaps: tuple[Gap, ...]


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
    """A plan, a refusal or a question back. Raises NoSnapshot, InvalidQuestion, PlanRejected."""
    raise NotImplementedError


@activity.defn(name="run_cypher_step")
async def run_cypher_step(request: StepRequest) -> StepResult:
    """The rows of one step, by reference. Raises QueryRefused, QueryFailed, SnapshotDamaged, StorageFull."""
    raise NotImplementedError


@activity.defn(name="format_answer")
async def format_answer(request: FormatRequest) -> FormattedAnswer:
    """The answer as it is shown, computed over all rows. Raises PresentationRejected, StorageFull."""
    raise NotImplementedError


# --- what a sync's workflow and its activities exchange -----------------------------------------------------


class SyncRequest(BaseModel):
    """Read the tenant into a new snapshot. `sync_id` is also the workflow id."""

    model_config = ConfigDict(frozen=True)
    sync_id: str
    mode: Literal["full", "incremental"]


class FamilyRequest(BaseModel):
    """Read one family of a sync, going on after the pages that are already stored."""

    model_config = ConfigDict(frozen=True)
    sync_id: str
    family: str
    # For an incremental sync: the sync whose pages are the base, and since when to ask for changes.
    base_sync_id: str | None = None
    since: datetime | None = None


class FamilyReport(BaseModel):
    """What was read of one family."""

    model_config = ConfigDict(frozen=True)
    family: str
    rows: int
    pages: int
    # Reads the tenant did not answer (403, feature off …): unknown in the graph, never empty.
    unknown: int
    seconds: float


class SyncReport(BaseModel):
    """How a sync ended. `counts` by table of the new graph."""

    model_config = ConfigDict(frozen=True)
    sync_id: str
    mode: Literal["full", "incremental"]
    snapshot_id: str
    started: datetime
    finished: datetime
    families: tuple[FamilyReport, ...]
    counts: dict[str, int]
    unknown: tuple[str, ...]


class SyncProgress(BaseModel):
    """One frozen snapshot of a sync, as its `progress` query returns it."""

    model_config = ConfigDict(frozen=True)
    sync_id: str
    phase: Literal["reading", "building", "publishing", "done"]
    finished: tuple[FamilyReport, ...]
    running: tuple[str, ...]


__all__ = [
    "STATE_ATTRIBUTE",
    "TASK_QUEUE",
    "Decision",
    "EarlierStep",
    "FamilyReport",
    "FamilyRequest",
    "FormatRequest",
    "PlanRequest",
    "Progress",
    "Review",
    "StepProgress",
    "StepReport",
    "StepRequest",
    "SyncProgress",
    "SyncReport",
    "SyncRequest",
    "format_answer",
    "plan_question",
    "run_cypher_step",
]
