"""With whom a question is shared."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, status
from pydantic import BaseModel, ConfigDict

from starter.access.recording import recorded
from starter.access.refusals import NotAllowed
from starter.access.sharing import Share, ShareReason
from starter.access.texts import Line
from starter.gateway.permissions import SharedQuestion
from starter.gateway.stored_access import Stored

router = APIRouter(prefix="/api/questions/{question_id}/shares", tags=["one question"])

Subject = Annotated[Line, Path(description="The person, by the name under which they sign in")]


class ShareView(BaseModel):
    """Somebody who sees the question though it is not theirs: it was shared, or they reviewed it."""

    model_config = ConfigDict(frozen=True)
    subject: str
    shared_by: str
    reason: ShareReason
    made: datetime


class ShareList(BaseModel):
    """The earliest first."""

    model_config = ConfigDict(frozen=True)
    shares: tuple[ShareView, ...]


def _view(share: Share) -> ShareView:
    return ShareView(subject=share.subject, shared_by=share.shared_by, reason=share.reason, made=share.made)


@router.get("")
async def list_shares(shared: SharedQuestion, stored: Stored) -> ShareList:
    """Everybody who sees the question beside its asker."""
    return ShareList(shares=tuple(_view(each) for each in await stored.shares.of_question(shared.question.id)))


@router.put("/{subject}", status_code=status.HTTP_204_NO_CONTENT)
async def share(shared: SharedQuestion, subject: Subject, stored: Stored) -> None:
    """Let a person see the question, its rows and its answer, and export them."""
    if subject == shared.question.asker:
        raise NotAllowed("This person asked the question and sees it in any case.")
    async with recorded(stored, shared.caller, "share", shared.question.id, subject=subject):
        await stored.shares.add(shared.question.id, subject, shared.caller.subject)


@router.delete("/{subject}", status_code=status.HTTP_204_NO_CONTENT)
async def unshare(shared: SharedQuestion, subject: Subject, stored: Stored) -> None:
    """Take the question out of a person's sight again."""
    async with recorded(stored, shared.caller, "unshare", shared.question.id, subject=subject):
        await stored.shares.remove(shared.question.id, subject)
