"""Processes that serve from one data folder: start them in order, restart what dies, end all in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import psutil

from holdfast.errors import HoldfastError
from holdfast.settings import Settings
from starter.command_child import Child
from starter.stack_record import ProcessRecord, StackRecord, end_survivors, owned_folder, record_file, write_record

_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 10.0
# A process that served for this long did not die of its start.
_SERVED_WELL_S = 60.0

Say = Callable[[str], None]


class SupervisedStack(ABC):
    """The processes that serve from one data folder, between `started` and the end of its block."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings = settings
        self._say = say
        self._children: list[Child] = []
        self._record: StackRecord | None = None

    @property
    def record(self) -> StackRecord:
        """Where everything is; there once the stack has started."""
        assert self._record is not None, "record is there once the stack has started"
        return self._record

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """Own the folder and serve until the block ends. Raises FolderInUse or what a process said as it failed."""
        data_dir = self._settings.data_dir
        with owned_folder(data_dir):
            if survivors := await asyncio.to_thread(end_survivors, data_dir):
                self._say(f"Ended what a killed stack had left running: {', '.join(survivors)}.")
            async with AsyncExitStack() as ends:
                ends.callback(record_file(data_dir).unlink, missing_ok=True)
                self._record = await self._start_all(ends)
                write_record(data_dir, self._record)
                yield

    @abstractmethod
    async def _start_all(self, ends: AsyncExitStack) -> StackRecord:
        """Start every process, by `_start` or `_start_together`; `ends` ends them in reverse order."""

    async def supervise(self) -> None:
        """Restart what dies, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for child in self._children:
                group.create_task(self._keep(child))

    async def _start_together(self, ends: AsyncExitStack, *children: Child | None) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for child in children:
                    if child is not None:
                        group.create_task(self._start(child, ends))
        except* HoldfastError as failures:
            raise failures.exceptions[0] from None

    async def _start(self, child: Child, ends: AsyncExitStack) -> None:
        await child.start()
        self._children.append(child)
        ends.push_async_callback(child.stop)

    async def _keep(self, child: Child) -> None:
        backoff = _FIRST_BACKOFF_S
        while True:
            serving_since = time.monotonic()
            code = await child.wait()
            if time.monotonic() - serving_since > _SERVED_WELL_S:
                backoff = _FIRST_BACKOFF_S
            self._say(f"{_capitalised(child.name)} {_ending(code)}; starting it again.")
            while True:
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _LONGEST_BACKOFF_S)
                try:
                    await child.start()
                except HoldfastError as error:
                    self._say(f"{_capitalised(child.name)} could not be started, trying again: {error}")
                else:
                    break
            self._record = self.record.model_copy(update={"children": self._living()})
            write_record(self._settings.data_dir, self._record)
            self._say(f"{_capitalised(child.name)} serves again.")

    def _living(self) -> dict[str, ProcessRecord]:
        living: dict[str, ProcessRecord] = {}
        for child in self._children:
            # One that ends at this very moment is written down when it serves again.
            if (pid := child.pid) is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    living[child.name] = ProcessRecord.of(pid)
        return living


async def run_until_stopped(stack: SupervisedStack, when_ready: Callable[[StackRecord], Awaitable[None]]) -> None:
    """Serve until SIGINT or SIGTERM, also while the stack is still starting; then end everything."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(stack, when_ready))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not serving.done():
            serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def _serve(stack: SupervisedStack, when_ready: Callable[[StackRecord], Awaitable[None]]) -> None:
    async with stack.started():
        await when_ready(stack.record)
        await stack.supervise()


def _capitalised(name: str) -> str:
    return name[0].upper() + name[1:] if name[0] != "T" else name


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
