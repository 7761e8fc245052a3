"""Heartbeats: how a killed worker is told from a slow activity."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from datetime import timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from temporalio import activity

from activities.spending import ledgers, spent
from holdfast.api_step.progress import LiveProgress

# A quarter of the shortest heartbeat timeout, so that one late beat is not a death.
_BEAT = timedelta(seconds=2.5)
# An activity hears with a beat's answer that it is cancelled: what reads the tenant must hear it within a second.
_QUICK_BEAT = timedelta(seconds=0.3)

# An activity that reads the tenant puts its progress in here, so that its heartbeats tell how far it is.
progresses: ContextVar[list[LiveProgress]] = ContextVar("progresses")

P = ParamSpec("P")
R = TypeVar("R")


def beating(run: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Send heartbeats for as long as the activity runs.

    They say that it lives, and what it has spent on models; what is done is kept elsewhere. A blocked event loop
    sends none.
    """
    return _beating(run, _BEAT)


def beating_quickly(run: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """The same, several times a second; where `progresses` holds one they say how far it is instead."""
    return _beating(run, _QUICK_BEAT)


def _beating(run: Callable[P, Awaitable[R]], every: timedelta) -> Callable[P, Awaitable[R]]:
    @wraps(run)
    async def running(*args: P.args, **kwargs: P.kwargs) -> R:
        ledgers.set([])
        progresses.set([])
        beats = asyncio.create_task(_beat(every))
        try:
            return await run(*args, **kwargs)
        finally:
            beats.cancel()
            activity.heartbeat(*_told())

    return running


async def _beat(every: timedelta) -> None:
    while True:
        activity.heartbeat(*_told())
        await asyncio.sleep(every.total_seconds())


def _told() -> Sequence[object]:
    if not (followed := progresses.get()):
        return spent()
    return [event for progress in followed if (event := progress.event()) is not None]
