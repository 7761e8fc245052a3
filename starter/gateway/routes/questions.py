"""Questions: ask, list, look at one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from holdfast.answer import MAX_QUESTION_CHARACTERS
from holdfast.errors import UnknownExecution
from holdfast.execution import State
from holdfast.origin import Origin
from starter import questions
from starter.access.callers import Action, Caller, Relation, may
from starter.access.recording import recorded
from starter.access.refusals import NotAllowed
from starter.access.texts import LONGEST
from starter.gateway.gateway import Parts
from starter.gateway.permissions import CurrentCaller, SeenQuestion, allowed
from starter.questions import Asked

router = APIRouter(prefix="/api/questions", tags=["questions"])


# The same one of the same caller starts a thing once.
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=LONGEST)]


class Which(StrEnum):
    """Whose questions are listed. `waiting`: those that wait for a review at this moment."""

    MINE = "mine"
    SHARED = "shared"
    WAITING = "waiting"
    EVERYBODYS = "everybodys"


_RELATIONS = {
    Which.MINE: Relation.OWN,
    Which.SHARED: Relation.SHARED,
    Which.WAITING: Relation.WAITING,
    Which.EVERYBODYS: Relation.STRANGE,
}
# A text is looked for in so many of the latest.
_MOST_LOOKED_AT = 2_000


class NewQuestion(BaseModel):
    """A question to ask."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS, examples=["Who can open Salesforce?"])
    # Hold the plan for a review, whatever the policy says.
    approve_plan: bool = False


class QuestionSummary(BaseModel):
    """A question in a list. `state` is a `State`, or how Temporal ended it from outside (`TERMINATED`, `TIMED_OUT`)."""

    model_config = ConfigDict(frozen=True)
    id: str
    text: str
    asker: str
    state: str
    started: datetime
    closed: datetime | None
    temporal_url: str | None
    # The question that it goes on from, where it is a retry or a rerun.
    origin: Origin | None


# What `told_of_start` may say, for the OpenAPI document.
STARTED_BEFORE: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {"model": QuestionSummary, "description": "Started before, under the same Idempotency-Key"}
}


class QuestionList(BaseModel):
    """The latest first."""

    model_config = ConfigDict(frozen=True)
    questions: tuple[QuestionSummary, ...]


def summary_of(parts: Parts, asked: Asked) -> QuestionSummary:
    """What is shown of it."""
    return QuestionSummary(
        id=asked.id,
        text=asked.text,
        asker=asked.asker,
        state=asked.state,
        started=asked.started,
        closed=asked.closed,
        temporal_url=parts.connection.link(asked.id),
        origin=asked.origin,
    )


async def started(
    parts: Parts, caller: Caller, question: NewQuestion, idempotency_key: str | None
) -> tuple[Asked, bool]:
    """Start a question in the caller's name; what is known of it, and whether it is new.

    Raises TooManyRequests, InvalidQuestion, ReusedId.
    """
    await parts.access.admit_question(caller)
    if idempotency_key:
        question_id = questions.id_of_request(caller.subject, idempotency_key)
    else:
        question_id = questions.new_id("q", datetime.now(UTC))
    async with recorded(parts.access, caller, "ask", question_id, text=question.text):
        return await questions.start(
            parts.connection,
            question.text,
            asker=caller.subject,
            approve_plan=question.approve_plan,
            question_id=question_id,
        )


def told_of_start(parts: Parts, response: Response, asked: Asked, is_new: bool) -> QuestionSummary:
    """The answer to whoever started a question: 201 with its address, or 200 where it was started before."""
    if not is_new:
        response.status_code = status.HTTP_200_OK
    response.headers["Location"] = f"/api/questions/{asked.id}"
    return summary_of(parts, asked)


@router.post("", status_code=status.HTTP_201_CREATED, responses=STARTED_BEFORE)
async def ask(
    question: NewQuestion,
    caller: Annotated[Caller, Depends(allowed(Action.ASK))],
    parts: Parts,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> QuestionSummary:
    """Start a question. The same `Idempotency-Key` of the same caller starts it once and gives the same question."""
    asked, is_new = await started(parts, caller, question, idempotency_key)
    return told_of_start(parts, response, asked, is_new)


@router.get("")
async def list_questions(
    caller: CurrentCaller,
    parts: Parts,
    which: Which = Which.MINE,
    state: State | None = None,
    text: Annotated[str, Query(max_length=200, description="Only those whose text holds it")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> QuestionList:
    """Questions, the latest first: the caller's own, those shared with them, those that wait, or everybody's."""
    found: list[Asked] = []
    async for each in _candidates(caller, parts, which, state):
        if text.casefold() in each.text.casefold():
            found.append(each)
        if len(found) == limit:
            break
    return QuestionList(questions=tuple(summary_of(parts, each) for each in found))


async def _candidates(caller: Caller, parts: Parts, which: Which, state: State | None) -> AsyncIterator[Asked]:
    relation = _RELATIONS[which]
    if not may(caller, Action.SEE, relation):
        raise NotAllowed(f"Your role or your key does not allow to list the questions of {which.value!r}.")
    if which is Which.SHARED:
        for question_id in await parts.access.shared_with(caller.subject):
            # One that Temporal has forgotten is still shared.
            with contextlib.suppress(UnknownExecution):
                asked = await questions.asked(parts.connection, question_id)
                if state in {None, asked.state}:
                    yield asked
        return
    wanted = State.BLOCKED if which is Which.WAITING else state
    asker = caller.subject if which is Which.MINE else None
    async for asked in questions.listed(parts.connection, wanted, _MOST_LOOKED_AT, asker=asker):
        yield asked


@router.get("/{question_id}")
async def question(seen: SeenQuestion, parts: Parts) -> QuestionSummary:
    """One question."""
    return summary_of(parts, seen.question)
