"""Activities in flight: ending them, what they said and had spent when they failed, and the end of the story."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection
from types import TracebackType
from typing import TypeVar

from temporalio.exceptions import ActivityError, ApplicationError

from holdfast.answer import ModelUsage, Outcome

T = TypeVar("T")


class QuestionEnded(Exception):
    """The story ends here, before its last chapter; `outcome` and `message` say how."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


async def cancelled(*tasks: asyncio.Future[T]) -> None:
    """Cancel what still runs; an activity hears of it with the answer to its next heartbeat."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class InFlight:
    """What is cancelled, and awaited, at the end of the block that waits for it; however that ends.

    A worker that stops may drop a question in the middle of the block, by GeneratorExit: then nothing can be awaited.
    """

    def __init__(self, tasks: Collection[asyncio.Future[T]]) -> None:
        self._tasks = tasks

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not GeneratorExit:
            await cancelled(*self._tasks)


async def seen_through(work: Awaitable[T]) -> T:
    """Await `work` to its end even when the workflow is cancelled meanwhile: it is too late, and the story goes on."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        return await task


def words_of(error: ActivityError) -> str:
    """What the failed activity said, without Temporal's wrapping."""
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else str(cause or error)


def spent_by(error: ActivityError) -> ModelUsage | None:
    """What the failed activity had asked of models, in all its attempts."""
    cause = error.cause
    told = cause.details if isinstance(cause, ApplicationError) else ()
    return ModelUsage.model_validate(told[0]) if told else None
