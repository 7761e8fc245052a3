"""The names and typed signatures that workflows, activities and starters agree on.

Workflows call these declarations, so they never import an engine; `activities/` implements each under the same
name, and a test holds every declaration against its implementation.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from temporalio import activity
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

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
from holdfast.origin import Origin
from holdfast.plan import Plan, Step
from holdfast.reviews import CallAllowance, CallsWanted, DecidedReview, Decision, Review, Waiting

TASK_QUEUE = "holdfast"

# What an operator finds any question by in Temporal's own UI.
STATE_ATTRIBUTE = SearchAttributeKey.for_keyword("HoldfastState")
ASKER_ATTRIBUTE = SearchAttributeKey.for_keyword("HoldfastAsker")
TENANT_ATTRIBUTE = SearchAttributeKey.for_keyword("HoldfastTenant")
# The tools of its plan.
TOOLS_ATTRIBUTE = SearchAttributeKey.for_keyword_list("HoldfastTools")


def attributes_of_question(question: Question) -> TypedSearchAttributes:
    """What a question can be found by from its first moment, before a worker took it."""
    state = SearchAttributePair(STATE_ATTRIBUTE, State.QUEUED.value)
    return TypedSearchAttributes([state, SearchAttributePair(ASKER_ATTRIBUTE, question.asker), *_of(question.tenant)])


def attributes_of_sync(tenant: str) -> TypedSearchAttributes:
    """What a sync can be found by from its first moment."""
    return TypedSearchAttributes([SearchAttributePair(STATE_ATTRIBUTE, State.QUEUED.value), *_of(tenant)])


def _of(tenant: str) -> tuple[SearchAttributePair[str], ...]:
    return (SearchAttributePair(TENANT_ATTRIBUTE, tenant),) if tenant else ()


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


class PromisedColumn(BaseModel):
    """A column that a program's rows will have. `time` is ISO 8601 text in the rows; `record` any nested value."""

    model_config = ConfigDict(frozen=True)
    name: str
    kind: Literal["text", "integer", "number", "flag", "time", "list", "record"]


class EditedText(BaseModel):
    """A query or a program that a person put in the place of a generated one; `columns` are what a program's rows have.

    It passes the same checks. `author` says who it was.
    """

    model_config = ConfigDict(frozen=True)
    text: str
    author: str
    columns: tuple[PromisedColumn, ...] = ()


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
    # Run instead of having anything written.
    edited: EditedText | None = None
    # The moment that a special tool sees: at the one of an earlier run, what it read then is not read again.
    as_of: datetime | None = None


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


ProgramOutcome = Annotated[ProgramRows | CallsWanted, Field(discriminator="kind")]


class SpecialRun(StepRequest):
    """Call a special tool, or go on with it. Without an `allowance` the policy says when a person is asked."""

    allowance: CallAllowance | None = None


class EditedPresentation(BaseModel):
    """A recipe that a person put in the place of a written one; it must fit the columns like any other."""

    model_config = ConfigDict(frozen=True)
    recipe: dict[str, JsonValue]
    author: str


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
    # Applied instead of having one written.
    edited: EditedPresentation | None = None


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
    # The question that found it, where this one did not run the step itself.
    reused_from: str | None = None


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
    # What was decided so far, in order.
    reviews: tuple[DecidedReview, ...] = ()
    # The question that this one goes on from.
    origin: Origin | None = None


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
async def run_special_step(run: SpecialRun) -> StepResult | CallsWanted:
    """The rows of a special tool, or what it wants further; goes on where an earlier attempt was.

    Raises ToolRefused, Okta…, StorageFull.
    """
    raise NotImplementedError


@activity.defn(name="format_answer")
async def format_answer(request: FormatRequest) -> FormattedAnswer:
    """The answer as it is shown, computed over all rows. Raises PresentationRejected, StorageFull, Model…"""
    raise NotImplementedError


__all__ = [
    "ASKER_ATTRIBUTE",
    "STATE_ATTRIBUTE",
    "TASK_QUEUE",
    "TENANT_ATTRIBUTE",
    "TOOLS_ATTRIBUTE",
    "CallAllowance",
    "CallsWanted",
    "DecidedReview",
    "Decision",
    "EarlierStep",
    "EditedPresentation",
    "EditedText",
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
    "SpecialRun",
    "StepProgress",
    "StepReport",
    "StepRequest",
    "Waiting",
    "WrittenProgram",
    "attributes_of_question",
    "attributes_of_sync",
    "format_answer",
    "plan_question",
    "run_cypher_step",
    "run_program",
    "run_special_step",
    "run_sql_step",
    "write_program",
]
