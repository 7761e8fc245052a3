"""The events of a question, in order, from any offset; a viewer that drops goes on where it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.contrib.workflow_streams import WorkflowStreamClient

from holdfast.events import EVENTS_TOPIC, AnyEvent, Event, FinalResult
from starter.connection import Connection

# A poll is an update in the question's history; people do not see faster than this.
_COOLDOWN = timedelta(milliseconds=100)


async def events_of(connection: Connection, question_id: str, start: int) -> AsyncIterator[tuple[int, Event]]:
    """Each event once with its offset, from `start` to the final one, during the run and after it.

    The question must exist; without a worker nothing comes until there is one.
    """
    stream = WorkflowStreamClient.create(connection.client, question_id)
    items = stream.subscribe(EVENTS_TOPIC, start, result_type=AnyEvent, poll_cooldown=_COOLDOWN)
    async for item in items:
        event: Event = item.data.root
        yield item.offset, event
        if isinstance(event, FinalResult):
            return
