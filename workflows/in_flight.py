"""Activities in flight: ending them, and what they said when they failed."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from temporalio.exceptions import ActivityError, ApplicationError

T = TypeVar("T")


async def cancelled(*tasks: asyncio.Future[T]) -> None:
    """Cancel what still runs and see it end, so that no activity outlives its workflow."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def words_of(error: ActivityError) -> str:
    """What the failed activity said, without Temporal's wrapping."""
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else str(cause or error)
