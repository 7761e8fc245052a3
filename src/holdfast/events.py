"""What a viewer of a running question receives, in order, each with its offset.

The workflow's stream carries `Event`s. Viewers receive `Delivered` ones: the same, but for the end, which brings the
rows (see `docs/events.md`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel

from holdfast.answer import Answer, Generated, Header
from holdfast.execution import State
from holdfast.origin import Origin
from holdfast.plan import Plan
from holdfast.reviews import CallsWanted

# The topic of the workflow's stream that carries events.
EVENTS_TOPIC = "events"

# Of the vocabulary. Within one version there are only additions, of types and of fields, which a viewer must pass over
# where it does not know them; whatever else changes is the next version.
VERSION = 1

# An answer with so many rows or more is delivered in batches of as many.
BATCH_ROWS = 1_000


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)
    at: datetime


class StateChanged(_Event):
    """The question moved to another state."""

    type: Literal["STATE"] = "STATE"
    state: State


class PlanGenerated(_Event):
    """A plan was made, or a reviewer put another in its place."""

    type: Literal["PLAN-GENERATED"] = "PLAN-GENERATED"
    plan: Plan
    # The question that this one goes on from; then a STEP-END follows for each step that is reused.
    origin: Origin | None = None


class ReviewRequested(_Event):
    """The question waits for a person; told again, as `escalated`, where nobody decided in time.

    `since` is when it was first asked; `due` when the deadline passes, None: there is none. An escalated review is
    decided by an administrator or by one of `escalated_to`.
    """

    type: Literal["REVIEW-REQUESTED"] = "REVIEW-REQUESTED"
    reason: str
    # None: the plan waits.
    step_id: str | None = None
    calls_wanted: CallsWanted | None = None
    since: datetime | None = None
    due: datetime | None = None
    escalated: bool = False
    escalated_to: tuple[str, ...] = ()


class ReviewDecided(_Event):
    """A person decided; or `by_deadline`, because none had."""

    type: Literal["REVIEW-DECIDED"] = "REVIEW-DECIDED"
    decision: str
    reviewer: str
    comment: str
    step_id: str | None = None
    further_calls: int | None = None
    by_deadline: bool = False


class StepStarted(_Event):
    """A step runs."""

    type: Literal["STEP-START"] = "STEP-START"
    step_id: str


class StepProgressed(_Event):
    """A step that reads the live tenant went on.

    `calls` are finished requests of `estimated_calls` (None: nobody knows); `done` of `total` is what its program says
    of itself; `rows` are the records that it was told. `waited_seconds` were spent on rate limits so far;
    `waiting_until` is there while nothing may be asked.
    """

    type: Literal["STEP-PROGRESS"] = "STEP-PROGRESS"
    step_id: str
    calls: int
    estimated_calls: int | None = None
    done: int | None = None
    total: int | None = None
    rows: int | None = None
    waited_seconds: float = 0.0
    waiting_until: datetime | None = None


class StepEnded(_Event):
    """A step found its rows."""

    type: Literal["STEP-END"] = "STEP-END"
    step_id: str
    row_count: int
    generated: Generated
    # The question that found them, where the step did not run in this one.
    reused_from: str | None = None


class StepFailed(_Event):
    """A step failed for good."""

    type: Literal["STEP-ERROR"] = "STEP-ERROR"
    step_id: str
    error: str


class FinalResult(_Event):
    """The last event of the workflow's stream: the answer, its rows by reference."""

    type: Literal["FINAL-RESULT"] = "FINAL-RESULT"
    answer: Answer


class Metadata(_Event):
    """What the batches that follow are rows of: the columns in order, and how many rows in how many batches."""

    type: Literal["METADATA"] = "METADATA"
    version: int = VERSION
    headers: tuple[Header, ...]
    total_rows: int
    batches: int


class Batch(_Event):
    """Some of the rows, keyed by `Header.value`; `first` is the index of its first row among all."""

    type: Literal["BATCH"] = "BATCH"
    first: int
    rows: list[dict[str, JsonValue]]


class DeliveredResult(_Event):
    """The last event: the answer.

    `rows` are all its rows, keyed by `Header.value`, where these are fewer than 1,000 and the viewer wants them; None
    where they came in batches, were not wanted, or there are none. `rows_missing` says why rows that should be here
    are not.
    """

    type: Literal["FINAL-RESULT"] = "FINAL-RESULT"
    version: int = VERSION
    answer: Answer
    rows: list[dict[str, JsonValue]] | None = None
    rows_missing: str = ""


_Running = (
    StateChanged
    | PlanGenerated
    | ReviewRequested
    | ReviewDecided
    | StepStarted
    | StepProgressed
    | StepEnded
    | StepFailed
)
Event = Annotated[_Running | FinalResult, Field(discriminator="type")]
Delivered = Annotated[_Running | Metadata | Batch | DeliveredResult, Field(discriminator="type")]


class AnyEvent(RootModel[Event]):
    """Any of them, as it is read back from the stream."""

    model_config = ConfigDict(frozen=True)


class AnyDelivered(RootModel[Delivered]):
    """Any of those that a viewer receives."""

    model_config = ConfigDict(frozen=True)
