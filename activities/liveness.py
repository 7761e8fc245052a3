"""Heartbeats: how a killed worker is told from a slow activity."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from temporalio import activity

from activities.spending import ledgers, spent

# A quarter of the shortest heartbeat timeout, so that one late beat is not a death.
_BEAT = timedelta(seconds=2.5)

P = ParamSpec("P")
R = TypeVar("R")


def beating(run: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Send heartbeats for as long as the activity runs.

    They say that it lives, and what it has spent on models; what is done is kept elsewhere. A blocked event loop
    sends none.
    """

    @wraps(run)
    async def running(*args: P.args, **kwargs: P.kwargs) -> R:
        ledgers.set([])
        beats = asyncio.create_task(_beat())
        try:
            return await run(*args, **kwargs)
        finally:
            beats.cancel()
            activity.heartbeat(*spent())

    return running


async def _beat() -> None:
    while True:
        activity.heartbeat(*spent())
        await asyncio.sleep(_BEAT.total_seconds())
