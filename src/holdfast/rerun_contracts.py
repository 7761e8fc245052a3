"""What a question that goes on from an earlier one brings along, and the activity that makes it its own.

`workflows` call the declaration; `activities/adopting.py` implements it under the same name.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from holdfast.answer import Planned, Question, SnapshotRef, StepResult
from holdfast.contracts import EditedPresentation, EditedText, WrittenProgram
from holdfast.plan import Plan, StepId, kept_steps


class BegunStep(BaseModel):
    """A step that was begun and not finished: with the same of it, what it read of the tenant is not read again."""

    model_config = ConfigDict(frozen=True)
    step_id: str
    # Of an API step: the last program that was written for it.
    program: WrittenProgram | None = None
    # Of a special step: the moment that its tool saw.
    as_of: datetime | None = None
    # The question in whose folder its journals stand; None: the one that is gone on from.
    journal_of: str | None = None


class FailedStep(BaseModel):
    """A step that failed, and the answer says so; it is not tried again."""

    model_config = ConfigDict(frozen=True)
    step_id: str
    error: str


class Inherited(BaseModel):
    """All that an earlier execution leaves to this one.

    `results` are of steps that are not run again; `plan` may be another one than they were found by. `edited` stands
    for the text of `edited_step`, or of the step that the rerun begins with. With a `presentation` no step runs, and
    `failed` stay failed.
    """

    model_config = ConfigDict(frozen=True)
    plan: Plan
    plan_author: str
    snapshot: SnapshotRef
    results: tuple[StepResult, ...] = ()
    begun: tuple[BegunStep, ...] = ()
    failed: tuple[FailedStep, ...] = ()
    edited: EditedText | None = None
    edited_step: str | None = None
    presentation: EditedPresentation | None = None
    # The plan was let run before, by policy or by a person, and nothing in it was edited since.
    is_cleared: bool = False

    def results_for(self, plan: Plan, correlation_id: str) -> tuple[StepResult, ...]:
        """The results that stand in this plan, which a reviewer may have changed meanwhile; the rows are the heir's."""
        done = {StepId(result.step_id) for result in self.results}
        standing = kept_steps(self.plan, plan, done)
        return tuple(owned(each, correlation_id) for each in self.results if StepId(each.step_id) in standing)

    def begun_for(self, plan: Plan) -> dict[StepId, BegunStep]:
        """The begun steps that mean the same in this plan."""
        standing = kept_steps(self.plan, plan, {step.step_id for step in self.plan.steps})
        return {StepId(begun.step_id): begun for begun in self.begun if StepId(begun.step_id) in standing}


def owned(result: StepResult, correlation_id: str) -> StepResult:
    """The same result, its rows under the key that they have in the folder of this question."""
    rows = result.rows.model_copy(update={"key": f"{correlation_id}/{result.step_id}"})
    return result.model_copy(update={"rows": rows})


class QuestionAgain(Question):
    """A question that is a retry or a rerun. Where the earlier one came to no plan, nothing is inherited."""

    inherited: Inherited | None = None


class AdoptRequest(BaseModel):
    """Make what is inherited the question's own. `origin_id` is the question that it comes from."""

    model_config = ConfigDict(frozen=True)
    question: Question
    origin_id: str
    inherited: Inherited


@activity.defn(name="adopt_earlier")
async def adopt_earlier(request: AdoptRequest) -> Planned:
    """Rows and journals stand in the question's own folders after it. Raises NoSnapshot, ArtifactMissing, StorageFull.

    What it returns stands in the place of what planning would have said.
    """
    raise NotImplementedError
