"""Temporal's own floor: a workflow that does nothing, with as many activities in the same order as a question."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

FLOOR_QUEUE = "floor"
_TIMEOUT = timedelta(minutes=1)


@activity.defn
async def nothing() -> None:
    """Do nothing."""


@workflow.defn
class Floor:
    """Plan, one step, two steps that need it, format: five activities that do nothing."""

    @workflow.run
    async def run(self) -> None:
        """See the class."""
        await self._one()
        await self._one()
        await asyncio.gather(self._one(), self._one())
        await self._one()

    async def _one(self) -> None:
        await workflow.execute_activity(nothing, start_to_close_timeout=_TIMEOUT)


async def _serve(address: str) -> None:
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    async with Worker(client, task_queue=FLOOR_QUEUE, workflows=[Floor], activities=[nothing]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
