"""Questions that go on from earlier ones: retry what failed, run again from a step."""

from __future__ import annotations

from fastapi import APIRouter, Response, status

from starter import reruns
from starter.access.callers import Action, may
from starter.access.recording import recorded
from starter.access.refusals import NotAllowed
from starter.changes import Changes
from starter.gateway.gateway import Parts
from starter.gateway.permissions import Permitted, SteeredQuestion
from starter.gateway.routes.questions import STARTED_BEFORE, IdempotencyKey, QuestionSummary, told_of_start

router = APIRouter(prefix="/api/questions", tags=["questions"])


@router.post("/{question_id}/retry", status_code=status.HTTP_201_CREATED, responses=STARTED_BEFORE)
async def retry(
    steered: SteeredQuestion, parts: Parts, response: Response, idempotency_key: IdempotencyKey = None
) -> QuestionSummary:
    """Start a failed question again as a new one that reuses its finished steps, asked by the caller.

    The same `Idempotency-Key` of the same caller starts it once.
    """
    _see_that_they_may_ask(steered)
    earlier_id = steered.question.id
    await parts.access.admit_question(steered.caller)
    async with recorded(parts.access, steered.caller, "retry", earlier_id):
        asked, is_new = await reruns.retry(
            parts.connection, earlier_id, asker=steered.caller.subject, key=idempotency_key
        )
    if is_new:
        await parts.access.record(steered.caller, "ask", asked.id, of=earlier_id)
    return told_of_start(parts, response, asked, is_new)


@router.post("/{question_id}/rerun", status_code=status.HTTP_201_CREATED, responses=STARTED_BEFORE)
async def rerun(
    steered: SteeredQuestion, changes: Changes, parts: Parts, response: Response, idempotency_key: IdempotencyKey = None
) -> QuestionSummary:
    """Start an ended question again from a step on as a new one, with an edited plan, query, program or presentation.

    Nothing before that step is repeated. What is edited passes the checks of what is generated, or is refused here.
    """
    _see_that_they_may_ask(steered)
    earlier_id = steered.question.id
    await parts.access.admit_question(steered.caller)
    told = changes.model_dump(mode="json", exclude_none=True)
    async with recorded(parts.access, steered.caller, "rerun", earlier_id, changes=told):
        asked, is_new = await reruns.rerun(
            parts.connection, earlier_id, changes, asker=steered.caller.subject, key=idempotency_key
        )
    if is_new:
        await parts.access.record(steered.caller, "ask", asked.id, of=earlier_id)
    return told_of_start(parts, response, asked, is_new)


def _see_that_they_may_ask(steered: Permitted) -> None:
    """A new question comes of it. Raises NotAllowed."""
    if not may(steered.caller, Action.ASK):
        raise NotAllowed("Your role or your key does not allow to ask, and a new question comes of it.")
