"""Who watches which question: one follower of a question's stream for all its viewers in this gateway.

A viewer is a position and nothing else. What it has not read yet is in the question's log, which keeps the latest
events; one that is further behind reads from the workflow's stream until it has caught up. So neither a slow viewer
nor many of them cost memory, and none of them is felt by the question.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from holdfast.artifacts import ArtifactStore
from starter.connection import Connection
from starter.delivery import Ending
from starter.streams import FINAL_RESULT, Frame, QuestionStream, Silence

# What one question may hold in memory. All events of nearly all questions fit into it.
_MOST_FRAMES = 512
_MOST_BYTES = 1 << 20
# Proxies close what is silent for longer, typically after a minute.
_KEEP_ALIVE_S = 15.0
# A page that is loaded anew comes back within this.
_LINGER_S = 5.0


@dataclass(frozen=True)
class KeepAlive:
    """Nothing happened for a while; the viewer is still served."""


KEEP_ALIVE = KeepAlive()

# What a viewer is told: an event, or why there is none.
Told = Frame | Silence | KeepAlive


class Hub:
    """All questions that somebody watches here. Use it within one event loop, and close it."""

    def __init__(self, connection: Connection, artifacts: ArtifactStore) -> None:
        self._connection = connection
        self._artifacts = artifacts
        self._logs: dict[str, _Log] = {}
        self._is_closed = False

    @property
    def followed(self) -> int:
        """Questions whose stream is followed at this moment."""
        return len(self._logs)

    @property
    def viewers(self) -> int:
        """Viewers of all of them."""
        return sum(log.viewers for log in self._logs.values())

    async def watch(self, question_id: str, start: int, *, with_rows: bool) -> AsyncGenerator[Told, None]:
        """What a viewer receives from `start` to the FINAL-RESULT; it ends early where the hub is closed.

        Close it (`contextlib.aclosing`) when the viewer goes away.
        """
        if self._is_closed:
            return
        log = self._logs.get(question_id)
        if log is None or log.is_broken:
            log = self._logs[question_id] = _Log(QuestionStream(self._connection, question_id), self._artifacts)
        log.viewers += 1
        try:
            async with aclosing(log.read(start, with_rows=with_rows)) as all_told:
                async for told in all_told:
                    yield told
        finally:
            log.viewers -= 1
            if not log.viewers:
                asyncio.get_running_loop().call_later(_LINGER_S, self._drop_if_unwatched, question_id, log)

    async def close(self) -> None:
        """End every viewer's events where they are: they go on elsewhere from there."""
        self._is_closed = True
        logs = list(self._logs.values())
        self._logs.clear()
        await asyncio.gather(*(log.close() for log in logs))

    def _drop_if_unwatched(self, question_id: str, log: _Log) -> None:
        if not log.viewers:
            log.stop()
            if self._logs.get(question_id) is log:
                del self._logs[question_id]


class _Log:
    """The latest events of one question, and the task that reads on."""

    def __init__(self, stream: QuestionStream, artifacts: ArtifactStore) -> None:
        self.viewers = 0
        self._stream = stream
        self._artifacts = artifacts
        self._frames: list[Frame] = []
        self._bytes = 0
        # Events before this offset are not in memory any more.
        self._first = 0
        self._ending: Ending | None = None
        self._silence: Silence | None = None
        self._news = asyncio.Event()
        self._is_closed = False
        self._following = asyncio.create_task(self._follow())
        self._following.add_done_callback(lambda _: self._tell())

    @property
    def is_broken(self) -> bool:
        """Whether it does not go on, and the question has not ended."""
        return self._following.done() and self._ending is None

    async def read(self, start: int, *, with_rows: bool) -> AsyncGenerator[Told, None]:
        """See `Hub.watch`."""
        position = start
        while not self._is_closed:
            # Taken before the log is looked at, or what happens in between would go unnoticed.
            news = self._news
            if position < self._first:
                async for told in self._caught_up(position):
                    if isinstance(told, Frame):
                        if told.type == FINAL_RESULT:
                            # Nothing more can be read of it, whatever is in memory here.
                            async for last in Ending(told, self._artifacts).frames(told.offset, with_rows=with_rows):
                                yield last
                            return
                        position = told.offset + 1
                    yield told
            elif (frame := self._at(position)) is not None:
                position = frame.offset + 1
                yield frame
            elif self._ending is not None:
                async for frame in self._ending.frames(start, with_rows=with_rows):
                    yield frame
                return
            elif self._following.done():
                # Tells the viewer's own task what went wrong.
                self._following.result()
                return
            else:
                if (reason := await self._quiet(news)) is not None:
                    yield reason

    async def close(self) -> None:
        """Stop, and send the viewers away."""
        self._is_closed = True
        self.stop()
        await asyncio.wait([self._following])

    def stop(self) -> None:
        """Follow no further."""
        self._following.cancel()

    async def _quiet(self, news: asyncio.Event) -> Silence | KeepAlive | None:
        """Wait for news; what to tell a viewer instead of an event."""
        try:
            async with asyncio.timeout(_KEEP_ALIVE_S):
                await news.wait()
        except TimeoutError:
            return KEEP_ALIVE
        return self._silence

    async def _caught_up(self, position: int) -> AsyncIterator[Frame | Silence]:
        """Events that are not in memory any more."""
        async with aclosing(self._stream.follow(position)) as all_told:
            async for told in all_told:
                if isinstance(told, Frame) and told.offset >= self._first:
                    return
                yield told

    async def _follow(self) -> None:
        async for told in self._stream.follow():
            match told:
                case Silence():
                    self._silence = told
                case Frame(type=type_) if type_ == FINAL_RESULT:
                    self._ending = Ending(told, self._artifacts)
                case Frame():
                    self._silence = None
                    self._keep(told)
            self._tell()

    def _keep(self, frame: Frame) -> None:
        self._frames.append(frame)
        self._bytes += len(frame.data)
        surplus = 0
        while len(self._frames) - surplus > _MOST_FRAMES or self._bytes > _MOST_BYTES:
            self._bytes -= len(self._frames[surplus].data)
            self._first = self._frames[surplus].offset + 1
            surplus += 1
        del self._frames[:surplus]

    def _at(self, position: int) -> Frame | None:
        """The first event in memory that is not before `position`."""
        index = bisect_left(self._frames, position, key=lambda frame: frame.offset)
        return self._frames[index] if index < len(self._frames) else None

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
