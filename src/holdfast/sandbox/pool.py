"""Runs checked programs in processes of their own, each within its limits; whatever one does, the next is well."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pydantic_monty import (
    AsyncMonty,
    AsyncMontySession,
    MontyCrashedError,
    MontyError,
    MontyRuntimeError,
    MontySyntaxError,
    ResourceLimits,
)

from holdfast.errors import ProgramFailed, ProgramOverLimit, ProgramRefused, SandboxDied
from holdfast.sandbox.checks import checked, told
from holdfast.sandbox.ending import MAKE_ENDING, end, rows_text
from holdfast.sandbox.host_door import HostCall, HostDoor
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.limits import SandboxLimits
from holdfast.sandbox.mended import MEND
from holdfast.sandbox.type_check import options as type_check_options
from holdfast.sandbox.type_check import type_findings
from holdfast.sandbox.wall import Wall, find_interpreter, launcher_script, wall_of_this_machine

# Monty's client aborts the interpreter if it ends right after a pool was closed.
_AFTER_CLOSING = 0.05

_CHECKING_PROCESSES = 2

# Feeds of a session by their order: our ending, the prelude, the program.
_FEED_NAMES = ("the sandbox", "the interface", "the program", "the sandbox")
_FEED_NAME = re.compile(r"<python-input-(\d+)>")


@dataclass(frozen=True)
class Program:
    """A checked program and the world that it sees; all of it is the same when it is run again.

    `now` is its clock, and stands still; `seed` its randomness.
    """

    code: str
    interface: ProgramInterface
    now: datetime
    seed: int


@dataclass(frozen=True)
class Ran:
    """What a program left: its rows as the JSON text of a list of records, what it printed, and how long it took."""

    result_json: str
    printed: str
    seconds: float


class Sandbox:
    """Shared by all that one worker process runs: `processes` programs at the same time, and checks beside them."""

    def __init__(self, *, processes: int = 16, memory_bytes: int = SandboxLimits.memory_bytes) -> None:
        """`memory_bytes` is the most that the limits of a run may allow."""
        self._processes = processes
        self._memory_bytes = memory_bytes
        self._open = AsyncExitStack()
        self._runs: AsyncMonty
        self._checks: AsyncMonty
        self.wall: Wall

    async def __aenter__(self) -> Self:
        """Raises SettingsError where the interpreter is not installed, SandboxDied where it does not start."""
        interpreter = find_interpreter()
        self.wall = await asyncio.to_thread(wall_of_this_machine, interpreter)
        async with AsyncExitStack() as opening:
            script = opening.enter_context(launcher_script(self.wall, interpreter, self._memory_bytes))
            opening.push_async_callback(asyncio.sleep, _AFTER_CLOSING)
            runs = AsyncMonty(binary_path=script, max_processes=self._processes)
            self._runs = await opening.enter_async_context(runs)
            # Programs hold their process while they wait for the tenant, and must not keep others from being checked.
            checks = AsyncMonty(binary_path=script, max_processes=_CHECKING_PROCESSES)
            self._checks = await opening.enter_async_context(checks)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End every process."""
        await self._open.aclose()

    async def check(self, code: str, interface: ProgramInterface) -> None:
        """Judge a program without running it. Raises ProgramRefused with all that is wrong, SandboxDied."""
        checked(code, interface)
        try:
            async with _session(self._checks, **type_check_options(interface)) as session:
                findings = await type_findings(session, code)
        except MontyCrashedError as error:
            raise _died(error) from None
        if findings:
            raise ProgramRefused(told(sorted(set(findings))))

    async def run(self, program: Program, call: HostCall, limits: SandboxLimits) -> Ran:
        """Run a program that `check` passed; `call` answers what it asks of its host.

        Whatever `call` raises ends the program, and is raised here. However a run ends, also when it is cancelled, no
        call is in flight after it. Raises ProgramFailed, ProgramOverLimit, SandboxDied.
        """
        started = time.perf_counter()
        door = HostDoor(call, limits)
        try:
            async with _session(self._runs, **_options(program, limits)) as session:
                outcome = await _until_stopped(_fed(session, program, door, limits), door)
            text = await asyncio.to_thread(rows_text, outcome)
        except MontyError as error:
            raise _failure(error, limits) from None
        finally:
            await door.close()
        if text is None:
            raise ProgramOverLimit(limits.too_large_a_result())
        return Ran(text, door.printed, time.perf_counter() - started)


@asynccontextmanager
async def _session(pool: AsyncMonty, **options: Any) -> AsyncIterator[AsyncMontySession]:
    """A session of its own; its process is killed where anything went wrong in it, and serves the next one else."""
    async with pool.checkout(**options) as session:
        try:
            yield session
        except BaseException:
            # A passed limit stops the interpreter in the middle, and says nothing of what it leaves behind.
            if (process := session.worker_pid) is not None:
                os.kill(process, signal.SIGKILL)
            raise


def _options(program: Program, limits: SandboxLimits) -> dict[str, Any]:
    resources: ResourceLimits = {
        "max_feed_duration_secs": limits.computing.total_seconds(),
        "max_memory": limits.memory_bytes,
        "max_recursion_depth": limits.recursion,
        # A call, and where others wait beside it, its answer; the door counts the calls exactly.
        "max_suspensions": 2 * limits.calls + 1_000,
    }
    policy = {"datetime": program.now, "random_start": {"seed": program.seed}, "sleep": "zero"}
    return {"limits": resources, "os_policy": policy}


async def _fed(session: AsyncMontySession, program: Program, door: HostDoor, limits: SandboxLimits) -> object:
    """Feeds end with None where their value is not wanted: it would be copied out of the sandbox whole."""
    await session.feed_run(MEND + MAKE_ENDING, inputs={"now": program.now}, print_callback=door.collect)
    await session.feed_run(program.interface.prelude + "\nNone", print_callback=door.collect)
    door_only = {"_call": door.answer}
    await session.feed_run(program.code + "\nNone", external_lookup=door_only, print_callback=door.collect)
    return await session.feed_run(end(limits.result_bytes), print_callback=door.collect)


async def _until_stopped(running: Coroutine[Any, Any, object], door: HostDoor) -> object:
    task = asyncio.create_task(running)
    try:
        await asyncio.wait((task, door.stop), return_when=asyncio.FIRST_COMPLETED)
        return door.stop.result() if door.stop.done() else task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _failure(error: MontyError, limits: SandboxLimits) -> ProgramFailed | ProgramOverLimit | SandboxDied:
    if isinstance(error, MontyCrashedError):
        return ProgramOverLimit(limits.too_long()) if error.timed_out else _died(error)
    if isinstance(error, MontyRuntimeError) and (told_limit := limits.told(str(error.exception()))) is not None:
        return ProgramOverLimit(told_limit)
    words = error.display() if isinstance(error, MontyRuntimeError | MontySyntaxError) else str(error)
    return ProgramFailed(f"The program went wrong as it ran.\n{_FEED_NAME.sub(_named_feed, words)}")


def _named_feed(match: re.Match[str]) -> str:
    return _FEED_NAMES[int(match[1])] if int(match[1]) < len(_FEED_NAMES) else match[0]


def _died(error: MontyCrashedError) -> SandboxDied:
    return SandboxDied(f"The sandbox's process ended before the program did ({error}); a new one is started.")
