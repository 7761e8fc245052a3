"""The one door between a program and its host: what passes it, and what ends the program there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, NoReturn

from holdfast.errors import ProgramOverLimit
from holdfast.sandbox.limits import SandboxLimits

HostCall = Callable[[str, str], Awaitable[str]]


class HostDoor:
    """Answers `_call`, collects what is printed, and knows which calls are in flight.

    `stop` is set to why the program must not go on: a limit, or whatever the host raised. A program never gets to see
    what the host raised, so it cannot catch it either.
    """

    def __init__(self, call: HostCall, limits: SandboxLimits) -> None:
        self._call = call
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self._in_flight: set[asyncio.Task[object]] = set()
        self._printed: list[str] = []
        self._printed_bytes = 0
        self._is_closed = False
        self.stop: asyncio.Future[NoReturn] = self._loop.create_future()

    @property
    def printed(self) -> str:
        """What the program printed."""
        return "".join(self._printed)

    async def answer(self, *arguments: object, **named: object) -> str:
        """One call, by a name and JSON text; anything else is a TypeError inside the program."""
        if self._is_closed:
            # The program asked while it was being ended; its call was not begun, and is not.
            raise asyncio.CancelledError
        match arguments:
            case (str(name), str(text)) if not named:
                pass
            case _:
                raise TypeError("_call takes a name and the arguments as JSON text")
        self._count += 1
        if self._count > self._limits.calls:
            self._end(ProgramOverLimit(self._limits.too_many_calls()))
        if len(self._in_flight) >= self._limits.pending:
            self._end(ProgramOverLimit(self._limits.too_many_pending()))
        if self.stop.done():
            return await self._never()
        task = asyncio.current_task()
        assert task is not None
        self._in_flight.add(task)
        try:
            return await self._call(name, text)
        except asyncio.CancelledError:
            if not self._is_closed:
                # The host gave up the call: the run ends as one that was cancelled.
                self.stop.cancel()
            raise
        except Exception as error:
            # Whatever it is, it is for whoever runs the program, never for the program.
            self._end(error)
            return await self._never()
        finally:
            self._in_flight.discard(task)

    def collect(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        """Keep what is printed. It comes from a thread of the sandbox's client."""
        del stream
        self._printed_bytes += len(text.encode())
        if self._printed_bytes <= self._limits.printed_bytes:
            self._printed.append(text)
        else:
            self._loop.call_soon_threadsafe(self._end, ProgramOverLimit(self._limits.too_much_printed()))

    async def close(self) -> None:
        """Cancel every call in flight, and wait until none is."""
        self._is_closed = True
        if not self.stop.cancel() and not self.stop.cancelled():
            # Taken note of, or asyncio reports it as lost where the run was cancelled at the same moment.
            self.stop.exception()
        in_flight = list(self._in_flight)
        for task in in_flight:
            task.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)

    def _end(self, error: Exception) -> None:
        if not self.stop.done():
            self.stop.set_exception(error)

    async def _never(self) -> str:
        """No answer: the program is being ended."""
        task = asyncio.current_task()
        assert task is not None
        self._in_flight.add(task)
        try:
            await self._loop.create_future()
            raise AssertionError("nothing sets that future")
        finally:
            self._in_flight.discard(task)
