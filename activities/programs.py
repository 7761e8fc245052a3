"""Steps that read the live tenant: writing their programs and running them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from structlog.contextvars import bind_contextvars
from temporalio import activity
from temporalio.contrib.workflow_streams import WorkflowStreamClient
from temporalio.service import RPCError

from activities.failures import translated
from activities.liveness import beating, beating_quickly, progresses
from activities.spending import opened_ledger
from holdfast import events
from holdfast.api_step.programs import ProgramAuthor
from holdfast.api_step.progress import LiveProgress, pause_before_telling
from holdfast.api_step.runner import ApiStepRunner
from holdfast.contracts import ProgramOutcome, ProgramRequest, ProgramRun, WrittenProgram
from holdfast.settings import ModelSettings


class ProgramActivities:
    """Both halves of an API step."""

    def __init__(self, author: ProgramAuthor, runner: ApiStepRunner, models: ModelSettings) -> None:
        self._author = author
        self._runner = runner
        self._models = models

    @activity.defn(name="write_program")
    @translated
    @beating
    async def write_program(self, request: ProgramRequest) -> WrittenProgram:
        """See `holdfast.contracts.write_program`."""
        ledger = opened_ledger(self._models, request.step.correlation_id, request.step.spent)
        return await self._author.write(request, ledger)

    @activity.defn(name="run_program")
    @translated
    @beating_quickly
    async def run_program(self, run: ProgramRun) -> ProgramOutcome:
        """See `holdfast.contracts.run_program`."""
        bind_contextvars(correlation_id=run.step.correlation_id)
        progress = LiveProgress()
        progresses.get().append(progress)
        async with _telling(progress):
            return await self._runner.run(run, progress)


@asynccontextmanager
async def _telling(progress: LiveProgress) -> AsyncIterator[None]:
    """Tell viewers now and then for as long as the block runs."""
    telling = asyncio.create_task(_tell(progress))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait([telling])


async def _tell(progress: LiveProgress) -> None:
    stream = WorkflowStreamClient.from_within_activity()
    topic = stream.topic(events.EVENTS_TOPIC, type=events.StepProgressed)
    since, told = activity.info().scheduled_time, 0
    while True:
        await asyncio.sleep(pause_before_telling(datetime.now(UTC) - since).total_seconds())
        event = progress.event()
        if event is None or progress.news == told:
            continue
        told = progress.news
        topic.publish(event)
        # It is for eyes only: the next one tells the same and more.
        with suppress(RPCError, TimeoutError):
            await stream.flush()
