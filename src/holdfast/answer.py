"""What a question is, what each step found, and the answer with its compatible dictionary."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from holdfast.origin import Origin
from holdfast.plan import Plan
from holdfast.reviews import DecidedReview, ReviewRules
from holdfast.usage import Effort as Effort
from holdfast.usage import ModelUsage as ModelUsage
from holdfast.usage import total_usage as total_usage

MAX_QUESTION_CHARACTERS = 4_000


class QuestionOptions(BaseModel):
    """What the asker may choose for one question."""

    model_config = ConfigDict(frozen=True)
    # Hold the plan for a review, whatever the policy says.
    approve_plan: bool = False


class Question(BaseModel):
    """A question as it was asked. `correlation_id` is also the workflow id and is on every log line and artifact."""

    model_config = ConfigDict(frozen=True)
    correlation_id: str
    text: str
    # Its address; empty where the asker does not know it: whatever was synced is meant then.
    tenant: str
    asker: str
    options: QuestionOptions = QuestionOptions()
    # Where it goes on from, when it is a retry or a rerun.
    origin: Origin | None = None


class Column(BaseModel):
    """A column of rows: its name and its Polars type as text."""

    model_config = ConfigDict(frozen=True)
    name: str
    dtype: str


class ArtifactRef(BaseModel):
    """Rows kept as Parquet: `key` in the artifact store, and what is in it."""

    model_config = ConfigDict(frozen=True)
    key: str
    row_count: int
    size_bytes: int
    columns: tuple[Column, ...]


class SnapshotRef(BaseModel):
    """The snapshot a question reads from its first step to its last."""

    model_config = ConfigDict(frozen=True)
    id: str
    # When the sync that filled it finished reading the tenant.
    synced_at: datetime


class Gap(BaseModel):
    """Something that the answer cannot know, in words; shown with the answer, never left out."""

    model_config = ConfigDict(frozen=True)
    # `sync`: the snapshot could not read it; `live`: the tenant did not tell; `step`: a step failed or was skipped.
    origin: Literal["sync", "live", "step"]
    message: str


class Generated(BaseModel):
    """What was generated for a step, whole, and by whom. Of a special tool: its call, with what it was given."""

    model_config = ConfigDict(frozen=True)
    language: Literal["cypher", "python", "sql", "tool"]
    text: str
    # `offline`, or a model's name and the prompt it was given.
    author: str


class EndpointUse(BaseModel):
    """What a step asked of one endpoint of the live tenant, in all its attempts.

    `calls` are finished requests, each page one; `waited_seconds` were spent on rate limits. `refused` counts reads
    that gave nothing in the end: the tenant would not tell, or could not.
    """

    model_config = ConfigDict(frozen=True)
    endpoint: str
    calls: int
    retries: int = 0
    refused: int = 0
    waited_seconds: float = 0.0
    received_bytes: int = 0


class LiveReading(BaseModel):
    """When a step read the live tenant, from its first call to its last, and what it asked there."""

    model_config = ConfigDict(frozen=True)
    started: datetime
    finished: datetime
    endpoints: tuple[EndpointUse, ...]


class StepResult(BaseModel):
    """A step that ended well: a reference to its rows and all that later steps may see of them."""

    model_config = ConfigDict(frozen=True)
    step_id: str
    rows: ArtifactRef
    # Up to three whole records; fewer where they are very large, never cut ones.
    samples: tuple[dict[str, JsonValue], ...]
    generated: Generated
    gaps: tuple[Gap, ...] = ()
    effort: Effort
    # None where the step did not read the live tenant.
    live: LiveReading | None = None
    # What a reader of the step should know besides: it started afresh after its program changed …
    notes: tuple[str, ...] = ()


class StepReport(BaseModel):
    """One line of `step_results`: what a reader of the answer learns about a step."""

    model_config = ConfigDict(frozen=True)
    step_number: int
    step_id: str
    step_type: str
    success: bool
    result: StepResult | None
    error: str | None
    seconds: float
    # The question that found it, where this one did not run the step itself.
    reused_from: str | None = None


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NEEDS_CLARIFICATION = "needs_clarification"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Header(BaseModel):
    """A column of the shown table: its heading, and the column of the rows behind it."""

    model_config = ConfigDict(frozen=True)
    text: str
    value: str


class JoinCount(BaseModel):
    """How many rows found something in a joined step, and how many did not."""

    model_config = ConfigDict(frozen=True)
    step_id: str
    joined: int
    not_joined: int


class RowCounts(BaseModel):
    """What became of the rows on their way into the answer, counted over all of them.

    `rows_in` are the rows of the step that the answer starts from; `dropped` is what filters, joins and a top-N
    left out.
    """

    model_config = ConfigDict(frozen=True)
    rows_in: int
    joins: tuple[JoinCount, ...] = ()
    dropped: int
    rows_out: int


class FormattedAnswer(BaseModel):
    """The answer as it is shown. A table's cells are in `rows`; markdown stands in `markdown`."""

    model_config = ConfigDict(frozen=True)
    display_type: Literal["table", "markdown"]
    headers: tuple[Header, ...] = ()
    rows: ArtifactRef | None = None
    markdown: str = ""
    summary: str
    total_items: int
    row_counts: RowCounts | None = None
    data_source_type: Literal["sql", "realtime", "hybrid"] = "sql"
    last_sync: datetime | None = None
    # The recipe that made the table out of the steps' rows, and who wrote it.
    presentation: dict[str, JsonValue] = Field(default_factory=dict)
    author: str = "offline"
    processing_method: str
    effort: Effort


class Planned(BaseModel):
    """The question was understood. `approval_reason` says why a person must look first, or None."""

    model_config = ConfigDict(frozen=True)
    kind: Literal["planned"] = "planned"
    plan: Plan
    snapshot: SnapshotRef
    approval_reason: str | None
    # The settings of reviews as they were then: a question that waits for days keeps them.
    review_rules: ReviewRules = ReviewRules()
    max_parallel_steps: int
    author: str
    effort: Effort


class Refused(BaseModel):
    """The question will not be answered: it asks for a change, or words in it were not understood."""

    model_config = ConfigDict(frozen=True)
    kind: Literal["refused"] = "refused"
    reason: str
    # The words that were not understood, as they were typed.
    not_understood: tuple[str, ...] = ()
    author: str = "offline"
    effort: Effort | None = None


class NeedsClarification(BaseModel):
    """The question fits more than one meaning; it comes back as a question with its choices."""

    model_config = ConfigDict(frozen=True)
    kind: Literal["needs_clarification"] = "needs_clarification"
    question: str
    choices: tuple[str, ...]
    author: str = "offline"
    effort: Effort | None = None


PlanningOutcome = Annotated[Planned | Refused | NeedsClarification, Field(discriminator="kind")]


class Answer(BaseModel):
    """How a question ended, with everything that a reader needs to trust and trace it."""

    model_config = ConfigDict(frozen=True)
    correlation_id: str
    question: str
    outcome: Outcome
    # Why it was refused, failed or cancelled, or the question that is asked back.
    message: str = ""
    choices: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    plan: Plan | None = None
    plan_author: str | None = None
    planning_effort: Effort | None = None
    snapshot: SnapshotRef | None = None
    steps: tuple[StepReport, ...] = ()
    formatted: FormattedAnswer | None = None
    # What parts that failed in the end had asked of models.
    spent_in_vain: ModelUsage | None = None
    gaps: tuple[Gap, ...] = ()
    # Who decided what, in order.
    reviews: tuple[DecidedReview, ...] = ()
    started: datetime
    finished: datetime
    # The question that this one went on from.
    origin: Origin | None = None

    @property
    def success(self) -> bool:
        """Whether there is an answer to show."""
        return self.outcome is Outcome.ANSWERED

    @property
    def usage(self) -> ModelUsage | None:
        """What all its parts asked of models; None where none did. What was reused was paid for once, by the other."""
        efforts = [step.result.effort for step in self.steps if step.result is not None and step.reused_from is None]
        efforts += [effort for effort in (self.planning_effort, self.formatted and self.formatted.effort) if effort]
        return total_usage(*(effort.models for effort in efforts), self.spent_in_vain)

    def to_dictionary(self, content: list[dict[str, Any]] | str) -> dict[str, Any]:
        """The compatible dictionary. `content` is the table's rows or the markdown, read by the caller."""
        successful = sum(1 for s in self.steps if s.success)
        failed = sum(1 for s in self.steps if not s.success)
        return {
            "success": self.success,
            "outcome": self.outcome.value,
            "correlation_id": self.correlation_id,
            "query": self.question,
            "message": self.message,
            "choices": list(self.choices),
            "not_understood": list(self.not_understood),
            "execution_plan": self.plan.model_dump(mode="json") if self.plan else None,
            "step_results": [_step_entry(s) for s in self.steps],
            "final_result": self._final_result(content),
            "total_steps": len(self.plan.steps) if self.plan else 0,
            "successful_steps": successful,
            "failed_steps": failed,
            "success_rate": successful / len(self.steps) if self.steps else 0.0,
            "phase": self.outcome.value,
            "raw_results": {
                s.step_id: s.result.rows.model_dump(mode="json") for s in self.steps if s.result is not None
            },
            "processed_summary": self.formatted.summary if self.formatted else self.message,
            "processing_method": self.formatted.processing_method if self.formatted else "none",
            "gaps": [g.message for g in self.gaps],
            "effort": {
                "planning": self.planning_effort.model_dump() if self.planning_effort else None,
                "formatting": self.formatted.effort.model_dump() if self.formatted else None,
            },
            "usage": self.usage.model_dump() if self.usage else None,
            "reviews": [review.model_dump(mode="json") for review in self.reviews],
            "authors": {"planning": self.plan_author, "formatting": self.formatted.author if self.formatted else None},
            "origin": self.origin.model_dump(mode="json") if self.origin else None,
            "started": self.started.isoformat(),
            "finished": self.finished.isoformat(),
        }

    def _final_result(self, content: list[dict[str, Any]] | str) -> dict[str, Any] | None:
        if self.formatted is None:
            return None
        f = self.formatted
        return {
            "display_type": f.display_type,
            "content": content,
            "metadata": {
                "headers": [h.model_dump() for h in f.headers],
                "totalItems": f.total_items,
                "row_counts": f.row_counts.model_dump() if f.row_counts else None,
                "execution_summary": f.summary,
                "data_source_type": f.data_source_type,
                "last_sync": f.last_sync.isoformat() if f.last_sync else None,
                "understood_as": self.plan.understood_as if self.plan else "",
                "gaps": [g.message for g in self.gaps],
            },
        }


def _step_entry(step: StepReport) -> dict[str, Any]:
    result = step.result
    return {
        "step_number": step.step_number,
        "step_id": step.step_id,
        "step_type": step.step_type,
        "success": step.success,
        "result": result.model_dump(mode="json") if result else None,
        "error": step.error,
        "sample_extracted": [dict(s) for s in result.samples] if result else [],
        "seconds": step.seconds,
        "reused_from": step.reused_from,
    }
