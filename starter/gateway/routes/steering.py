"""One question while it runs: how far it is, its plan, pausing, resuming, ending and deciding; and its answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, status
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from holdfast.answer import Answer
from holdfast.contracts import Decision, Progress, Review
from holdfast.errors import InvalidTransition
from holdfast.execution import State
from holdfast.plan import Plan, checked_plan
from starter import questions
from starter.access.callers import Role
from starter.access.recording import recorded
from starter.gateway.gateway import Parts
from starter.gateway.permissions import Permitted, ReviewedQuestion, SeenQuestion, SteeredQuestion
from starter.gateway.problems import NoWorker
from starter.gateway.routes.questions import QuestionSummary, summary_of

# As the command line calls them, and so the audit record.
_STEERING = {State.PAUSED: "pause", State.RUNNING: "resume", State.CANCELLED: "cancel"}

router = APIRouter(prefix="/api/questions/{question_id}", tags=["one question"])


class NewReview(BaseModel):
    """A decision on the plan, or on the step `step_id` that waits; None: on whatever waits, if it is one thing.

    `asked_at` is the `since` of what was looked at: where another thing waits by now, the decision is refused.
    `plan` is there exactly when the decision is to edit; `further_calls` bounds what is approved of a step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    decision: Decision
    comment: str = Field("", max_length=4_000)
    step_id: str | None = Field(None, max_length=40)
    asked_at: AwareDatetime | None = None
    # Untrusted until it is checked, so that every reason is told and not the first.
    plan: dict[str, Any] | None = None
    further_calls: int | None = Field(None, ge=1, le=10**9)


@router.get("/progress")
async def progress(seen: SeenQuestion, parts: Parts) -> Progress:
    """How far it is: one frozen snapshot."""
    return await _progress(parts, seen)


@router.get("/plan")
async def plan(seen: SeenQuestion, parts: Parts) -> Plan:
    """Its plan."""
    found = (await _progress(parts, seen)).plan
    if found is None:
        raise InvalidTransition(f"There is no plan of this question: it is {seen.question.state}.")
    return found


@router.get("/answer")
async def answer(seen: SeenQuestion, parts: Parts) -> Answer:
    """How it ended, with everything but the rows of its table; those are under `rows`."""
    found = await parts.answers.of(seen.question.id)
    await parts.access.record(seen.caller, "see-answer", seen.question.id)
    return found


@router.post("/pause", status_code=status.HTTP_202_ACCEPTED)
async def pause(steered: SteeredQuestion, parts: Parts) -> QuestionSummary:
    """Start nothing further until it is resumed; a program stops at its next call."""
    return await _steer(parts, steered, State.PAUSED)


@router.post("/resume", status_code=status.HTTP_202_ACCEPTED)
async def resume(steered: SteeredQuestion, parts: Parts) -> QuestionSummary:
    """Go on after a pause."""
    return await _steer(parts, steered, State.RUNNING)


@router.post("/cancel", status_code=status.HTTP_202_ACCEPTED)
async def cancel(steered: SteeredQuestion, parts: Parts) -> QuestionSummary:
    """End it; the answer says what was found so far."""
    return await _steer(parts, steered, State.CANCELLED)


@router.post("/reviews", status_code=status.HTTP_201_CREATED)
async def review(reviewed: ReviewedQuestion, given: NewReview, parts: Parts) -> Progress:
    """Decide on what waits; the progress after the decision."""
    caller, question_id = reviewed.caller, reviewed.question.id
    decision = Review(
        decision=given.decision,
        reviewer=caller.subject,
        as_administrator=Role.ADMINISTRATOR in caller.roles,
        comment=given.comment,
        step_id=given.step_id,
        asked_at=given.asked_at,
        plan=checked_plan(given.plan) if given.plan is not None else None,
        further_calls=given.further_calls,
    )
    detail = given.model_dump(mode="json", exclude_none=True)
    async with recorded(parts.access, caller, "review", question_id, **detail):
        after = await questions.review(parts.connection, question_id, decision)
    if caller.subject != reviewed.question.asker:
        await parts.access.keep_in_sight(question_id, caller)
    return after


async def _progress(parts: Parts, seen: Permitted) -> Progress:
    found = await questions.progress_of(parts.connection, seen.question.id)
    if found is None:
        raise NoWorker("No worker says how far it is at the moment. Nothing is lost; try again in some seconds.")
    return found


async def _steer(parts: Parts, steered: Permitted, to: State) -> QuestionSummary:
    async with recorded(parts.access, steered.caller, _STEERING[to], steered.question.id):
        await questions.steer(parts.connection, steered.question.id, to)
    return summary_of(parts, await questions.asked(parts.connection, steered.question.id))
