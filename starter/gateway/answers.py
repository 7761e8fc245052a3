"""The answers of questions that ended, kept for a while: each is read once, however many look at it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from holdfast.answer import Answer
from holdfast.errors import HoldfastError
from starter import questions
from starter.connection import Connection

# Answers carry no rows; the largest, with whole samples and programs, are about a megabyte.
_MOST_KEPT = 64


class NotEnded(HoldfastError):
    """The question has no answer yet; watch it until it ends."""


class Answers:
    """Answers by the id of their question. An ended question never changes, so what is kept is never stale."""

    def __init__(self, connection: Connection, most_kept: int = _MOST_KEPT) -> None:
        self._connection = connection
        self._most_kept = most_kept
        self._reads: OrderedDict[str, asyncio.Task[Answer]] = OrderedDict()

    async def of(self, question_id: str) -> Answer:
        """How the question ended. Raises NotEnded while it runs, UnknownExecution, QuestionLost."""
        read = self._reads.get(question_id)
        if read is None:
            read = asyncio.create_task(self._read(question_id))
            read.add_done_callback(lambda done: self._forget_failure(question_id, done))
            self._reads[question_id] = read
            while len(self._reads) > self._most_kept:
                self._reads.popitem(last=False)
        self._reads.move_to_end(question_id)
        # Others may wait for the same read: whoever goes away leaves it to them.
        return await asyncio.shield(read)

    async def _read(self, question_id: str) -> Answer:
        asked = await questions.asked(self._connection, question_id)
        if asked.closed is None:
            raise NotEnded(f"The question is {asked.state}: it has no answer yet. Watch it until it ends.")
        return await questions.answer_of(self._connection, question_id)

    def _forget_failure(self, question_id: str, read: asyncio.Task[Answer]) -> None:
        failed = read.cancelled() or read.exception() is not None
        if failed and self._reads.get(question_id) is read:
            del self._reads[question_id]
