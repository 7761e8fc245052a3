"""Questions that were shared with a person, and those that they keep in sight because they reviewed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from starter.access import schema
from starter.access.store import Store


class ShareReason(StrEnum):
    """Why a person sees a question that is not theirs."""

    SHARED = "shared"
    # They decided on it, so they may see what came of that.
    REVIEWED = "reviewed"


@dataclass(frozen=True)
class Share:
    """One person's sight of one question."""

    question_id: str
    subject: str
    shared_by: str
    reason: ShareReason
    made: datetime


class Shares:
    """The shares of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, question_id: str, subject: str, by: str, reason: ShareReason = ShareReason.SHARED) -> bool:
        """Let the person see the question; whether they could not before."""
        now = self._store.now()

        row = {"question_id": question_id, "subject": subject, "shared_by": by, "reason": reason.value, "made": now}
        try:
            await self._store.write(lambda connection: connection.execute(insert(schema.shares).values(row)))
        except IntegrityError:
            return False
        return True

    async def remove(self, question_id: str, subject: str) -> bool:
        """Take the question out of the person's sight; whether it was in it."""
        statement = delete(schema.shares).where(*_one(question_id, subject))
        return await self._store.write(lambda connection: connection.execute(statement).rowcount > 0)

    async def of_question(self, question_id: str) -> Sequence[Share]:
        """Everybody who sees the question beside its asker, the earliest first."""
        statement = (
            select(schema.shares)
            .where(schema.shares.c.question_id == question_id)
            .order_by(schema.shares.c.made, schema.shares.c.subject)
        )
        rows = await self._store.read(lambda connection: connection.execute(statement).all())
        return [Share(row.question_id, row.subject, row.shared_by, ShareReason(row.reason), row.made) for row in rows]

    async def holds(self, question_id: str, subject: str) -> bool:
        """Whether the person may see the question, though it is not theirs."""
        statement = select(schema.shares.c.subject).where(*_one(question_id, subject))
        return await self._store.read(lambda connection: connection.execute(statement).first() is not None)

    async def question_ids(self, subject: str, limit: int) -> Sequence[str]:
        """The questions that this person may see beside their own, the latest shared first."""
        statement = (
            select(schema.shares.c.question_id)
            .where(schema.shares.c.subject == subject)
            .order_by(schema.shares.c.made.desc(), schema.shares.c.question_id)
            .limit(limit)
        )
        return await self._store.read(lambda connection: connection.execute(statement).scalars().all())


def _one(question_id: str, subject: str) -> tuple[Any, ...]:
    return schema.shares.c.question_id == question_id, schema.shares.c.subject == subject
