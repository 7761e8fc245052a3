"""What a person is asked while a question runs, what they decide, and by which rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from holdfast.plan import Plan

# Who decides where nobody did in time.
THE_DEADLINE = "The deadline"


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

    `asked_at` is the `since` of what the reviewer looked at: the decision is about nothing else that waits by now.
    `plan` is there exactly when the decision is to edit. `further_calls` bounds what is approved of a step; None: any
    number. Whoever hands it in vouches for `reviewer` and for `as_administrator`.
    """

    model_config = ConfigDict(frozen=True)
    decision: Decision
    reviewer: str
    as_administrator: bool = False
    comment: str = ""
    step_id: str | None = None
    asked_at: datetime | None = None
    plan: Plan | None = None
    further_calls: int | None = Field(None, ge=1)


class ReviewRules(BaseModel):
    """Who may decide, and what happens where nobody does; as they were when the plan was made.

    `own`: whether askers may let their own questions go on. `deadline`: how long a review is waited for, None for ever;
    after it the question is rejected, or only an administrator or one of `escalate_to` may decide, who have as long
    again before it is rejected.
    """

    model_config = ConfigDict(frozen=True)
    own: bool = True
    deadline: timedelta | None = None
    after_deadline: Literal["reject", "escalate"] = "reject"
    escalate_to: tuple[str, ...] = ()


class CallsWanted(BaseModel):
    """A step that stands at its budget; what it read is kept, and it goes on there.

    `calls_to_come` and `minutes` (at the tenant's rate limit) are None where nobody can tell.
    """

    model_config = ConfigDict(frozen=True)
    kind: Literal["calls_wanted"] = "calls_wanted"
    calls_made: int
    calls_to_come: int | None
    minutes: float | None
    # Why a person is asked, in words.
    reason: str


class CallAllowance(BaseModel):
    """How many calls of the tenant a reviewer allowed a step in all.

    None: any number. `with_what_is_there`: not one more; the step ends with what was read.
    """

    model_config = ConfigDict(frozen=True)
    calls: int | None
    with_what_is_there: bool = False


class Waiting(BaseModel):
    """Something that a person must decide: the plan (`step_id` None), or a step that wants more calls.

    `since` is when it was asked. Nobody decided until `due`, None: there is no deadline, or it stands still while the
    question is paused. An escalated one missed its first deadline; then only an administrator or one of
    `escalated_to` may decide.
    """

    model_config = ConfigDict(frozen=True)
    step_id: str | None
    reason: str
    calls_wanted: CallsWanted | None = None
    since: datetime | None = None
    due: datetime | None = None
    escalated: bool = False
    escalated_at: datetime | None = None
    escalated_to: tuple[str, ...] = ()


class DecidedReview(BaseModel):
    """Who decided what, when, and on what they were asked: kept with the question for whoever audits it."""

    model_config = ConfigDict(frozen=True)
    # None: the plan.
    step_id: str | None
    # What the reviewer was told.
    reason: str
    asked_at: datetime | None
    escalated: bool = False
    decision: Decision
    reviewer: str
    comment: str
    further_calls: int | None = None
    decided_at: datetime
    # Nobody had decided in time.
    by_deadline: bool = False


def rejection(review: Review, what: str) -> str:
    """How a question says that it ended by this review: `grace rejected the plan: too broad`."""
    return f"{review.reviewer} rejected {what}{f': {review.comment}' if review.comment else '.'}"


def span_words(span: timedelta) -> str:
    """A span as people say it: `2 days`, `36 hours`, `45 minutes`; the largest unit in which it is a whole number."""
    seconds = span.total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            count = int(seconds // length)
            return f"{count:,} {unit}{'s' * (count != 1)}"
    return f"{seconds:g} second{'s' * (seconds != 1)}"
