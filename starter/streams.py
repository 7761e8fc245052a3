"""The events of a question as Temporal keeps them: read, waited for, and followed through whatever fails.

To wait for the next event is an update of the question, which Temporal limits (2,000 a run, 10 at once) and reviews
are updates too. So all who wait at one offset share one: its id is made of the offset, and Temporal gives the same
outcome to everybody who asks under the same id. What happened before is read by a query, which leaves no trace.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

import orjson
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.contrib.workflow_streams import PollInput, PollResult
from temporalio.service import RPCError, RPCStatusCode

from holdfast.answer import Answer, Outcome
from holdfast.errors import UnknownExecution
from holdfast.events import EVENTS_TOPIC, FinalResult
from holdfast.execution import State
from starter import questions
from starter.connection import Connection
from starter.questions import Asked

FINAL_RESULT = "FINAL-RESULT"

# The name under which a workflow's stream answers, as an update (waits) and as a query (does not).
_POLL = "__temporal_workflow_stream_poll"
# Events that happen together are fetched together: each fetch is an update in the question's history.
_COOLDOWN_S = 0.03
# Beyond so many events they are looked for instead of waited for, so that updates are left for reviews.
_MOST_WAITED_FOR = 1_000
_LOOK_EVERY_S = 1.0
# A waiting request is answered within 20 s, if only to say that there is nothing: longer means that nobody is there.
_WAIT_TIMEOUT = timedelta(seconds=40)
_READ_TIMEOUT = timedelta(seconds=5)
_SHORTEST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 2.0

_FAILED = (
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    RPCError,
)


@dataclass(frozen=True)
class Frame:
    """One event, made into bytes once for all who watch. `data` is one line of JSON."""

    offset: int
    type: str
    data: bytes

    @cached_property
    def sse(self) -> bytes:
        """As a server-sent event."""
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.offset, self.type.encode(), self.data)

    @cached_property
    def line(self) -> bytes:
        """As one JSON object that holds its offset."""
        return b'{"offset":%d,%s' % (self.offset, self.data[1:])


@dataclass(frozen=True)
class Silence:
    """Nobody tells at the moment how the question goes on; it is tried further. `reason` is a sentence."""

    reason: str


@dataclass(frozen=True)
class _Page:
    """Some events. `next_offset` is where to go on; `has_more` that there are more by now."""

    frames: tuple[Frame, ...]
    next_offset: int
    has_more: bool


_TEMPORAL_AWAY = Silence("Temporal does not answer at the moment; it is asked again.")
_WORKER_AWAY = Silence("No worker answers at the moment; it is asked again.")
# What a call ends with that nobody takes.
_NOBODY_THERE = {RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.RESOURCE_EXHAUSTED}


class QuestionStream:
    """The events of one question."""

    def __init__(self, connection: Connection, question_id: str) -> None:
        self._connection = connection
        self._question_id = question_id
        self._handle = connection.client.get_workflow_handle(question_id)

    async def follow(self, start: int = 0) -> AsyncGenerator[Frame | Silence, None]:
        """Each event once and in order, from `start` to the FINAL-RESULT, whatever fails meanwhile.

        A question that ended from outside, or that Temporal has forgotten, gets a FINAL-RESULT that says so. `start`
        is not beyond that of the final one.
        """
        at = _Place(start)
        while True:
            try:
                page = await (self._wait(at.offset) if at.waits else self._read(at.offset))
            except _FAILED as error:
                _see_that_it_was_not_cancelled(error)
                told = None if at.waits else await self._instead(at, error)
                await asyncio.sleep(at.pause_s())
                at.waits = not at.waits and at.may_wait
            else:
                for frame in page.frames:
                    yield frame
                    if frame.type == FINAL_RESULT:
                        return
                told = None if at.waits or page.frames else await self._ending(at)
                await asyncio.sleep(at.after(page))
            if told is not None:
                yield told
                if isinstance(told, Frame):
                    return

    async def _wait(self, offset: int) -> _Page:
        """What happened from `offset` on, as soon as something did. Raises one of `_FAILED`."""
        poll = PollInput(topics=[EVENTS_TOPIC], from_offset=offset)
        result = await self._handle.execute_update(
            _POLL, poll, id=f"{EVENTS_TOPIC}-{offset}", result_type=PollResult, rpc_timeout=_WAIT_TIMEOUT
        )
        return _page_of(result)

    async def _read(self, offset: int) -> _Page:
        """What has happened from `offset` on. Raises one of `_FAILED`."""
        poll = PollInput(topics=[EVENTS_TOPIC], from_offset=offset)
        return _page_of(await self._handle.query(_POLL, poll, result_type=PollResult, rpc_timeout=_READ_TIMEOUT))

    async def _ending(self, at: _Place) -> Frame | Silence | None:
        """The end of a question that ended without telling; None while it runs."""
        try:
            asked = await questions.asked(self._connection, self._question_id)
        except UnknownExecution:
            return self._forgotten(at.offset)
        except RPCError:
            return _TEMPORAL_AWAY
        if asked.closed is None:
            return None
        if at.has_ended:
            return _lost(at.offset, asked)
        # It may have told between the reading and the look at it.
        at.has_ended = True
        return None

    async def _instead(self, at: _Place, error: BaseException) -> Frame | Silence:
        """What to tell where events could not be read."""
        if isinstance(error, RPCError) and error.status is RPCStatusCode.UNAVAILABLE:
            return _TEMPORAL_AWAY
        try:
            asked = await questions.asked(self._connection, self._question_id)
        except UnknownExecution:
            return self._forgotten(at.offset)
        except RPCError:
            return _TEMPORAL_AWAY
        is_unanswered = isinstance(error, RPCError) and error.status in _NOBODY_THERE
        if asked.closed is not None and asked.state not in set(State) and not is_unanswered:
            # No worker ever had it, or none can make out any more what it did.
            return _lost(at.offset, asked)
        return _WORKER_AWAY

    def _forgotten(self, offset: int) -> Frame:
        now = datetime.now(UTC)
        return _final(
            offset,
            Answer(
                correlation_id=self._question_id,
                question="",
                outcome=Outcome.FAILED,
                message="Temporal keeps nothing of this question any more. Ask it again.",
                started=now,
                finished=now,
            ),
        )


@dataclass
class _Place:
    """How far a follower is, and how it goes on."""

    offset: int
    waits: bool = field(init=False)
    has_ended: bool = False
    _failures: int = 0
    _has_caught_up: bool = False

    def __post_init__(self) -> None:
        # Nothing can be read before a worker took the question; its first event can always be waited for.
        self.waits = self.offset == 0

    @property
    def may_wait(self) -> bool:
        """Whether events are waited for, or looked for."""
        return self.offset < _MOST_WAITED_FOR and not self.has_ended

    def pause_s(self) -> float:
        """How long to wait after one more failure."""
        self._failures += 1
        return min(_SHORTEST_PAUSE_S * 2.0**self._failures, _LONGEST_PAUSE_S)

    def after(self, page: _Page) -> float:
        """Go on behind this page; returns the seconds to wait before."""
        if page.frames:
            self.offset = page.next_offset
            self._failures = 0
        if self.waits:
            # What others waited for long ago is given at once; what came since then is read in one go.
            self.waits = self._has_caught_up and bool(page.frames)
            return _COOLDOWN_S
        self._has_caught_up = not page.has_more
        self.waits = self.may_wait and not page.has_more
        return 0.0 if self.waits or page.frames or self.has_ended else _LOOK_EVERY_S


def _page_of(result: PollResult) -> _Page:
    return _Page(
        tuple(_frame_of(item.offset, item.data) for item in result.items), result.next_offset, result.more_ready
    )


def _frame_of(offset: int, wire: str) -> Frame:
    payload = Payload()
    payload.ParseFromString(b64decode(wire))
    # A worker that is newer than we are may tell of what we do not know: it is handed on as it is.
    event = orjson.loads(payload.data)
    return Frame(offset, event["type"], orjson.dumps(event))


def _lost(offset: int, asked: Asked) -> Frame:
    assert asked.closed is not None
    answer = Answer(
        correlation_id=asked.id,
        question=asked.text,
        outcome=Outcome.FAILED,
        message=f"The question was ended from outside ({asked.state}), without an answer. Ask it again.",
        started=asked.started,
        finished=asked.closed,
    )
    return _final(offset, answer)


def _final(offset: int, answer: Answer) -> Frame:
    return Frame(offset, FINAL_RESULT, FinalResult(at=answer.finished, answer=answer).model_dump_json().encode())


def _see_that_it_was_not_cancelled(error: BaseException) -> None:
    """The SDK takes our own cancellation for a timeout of its call."""
    if isinstance(error.__cause__, asyncio.CancelledError):
        raise error.__cause__
