"""Ask and watch in one request."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from holdfast.answer import MAX_QUESTION_CHARACTERS
from starter.access.callers import Action, Caller
from starter.gateway.event_stream import EventStream
from starter.gateway.gateway import Parts
from starter.gateway.permissions import allowed
from starter.gateway.routes.events import STREAM, record_seen
from starter.gateway.routes.questions import IdempotencyKey, NewQuestion, started

router = APIRouter(prefix="/api/realtime/hybrid", tags=["events"])


class HybridQuestion(BaseModel):
    """A question to ask and to watch."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS, examples=["Who can open Salesforce?"])
    # Hold the plan for a review, whatever the policy says.
    approve_plan: bool = False


@router.post("/stream", status_code=200, response_class=EventStream, responses=STREAM)
async def stream(
    asked: HybridQuestion,
    caller: Annotated[Caller, Depends(allowed(Action.ASK))],
    parts: Parts,
    idempotency_key: IdempotencyKey = None,
) -> EventStream:
    """Start a question and receive its events; `X-Correlation-Id` is its id.

    A client that goes away does not stop the question: it goes on at `/api/questions/{id}/events`. The same
    `Idempotency-Key` of the same caller starts it once.
    """
    new = NewQuestion(text=asked.question, approve_plan=asked.approve_plan)
    question, _ = await started(parts, caller, new, idempotency_key)
    await record_seen(parts, caller, question.id)
    return EventStream(parts.hub, question.id, 0, with_rows=True)
