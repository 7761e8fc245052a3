"""A process of a stack: it starts until it serves, says when it ends, and stops when asked."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from holdfast.errors import StackNotRunning
from starter.bound_process import spawn_bound

# The worker finishes what its activities hold; it gives them 10 s.
_STOP_TIMEOUT = timedelta(seconds=20)
_POLL_S = 0.05


class ChildFailed(StackNotRunning):
    """A process of the stack ended or hung while it started; the message carries its last line and its log."""


class Child(Protocol):
    """One process of a stack. It may be started again after it ended."""

    @property
    def name(self) -> str:
        """How people call it."""
        ...

    @property
    def pid(self) -> int | None:
        """Its process, None while it does not run."""
        ...

    async def start(self) -> None:
        """Return when it serves. Raises HoldfastError, which says what to do."""
        ...

    async def wait(self) -> int:
        """Wait until it ends, however it does; its exit code, negative for a signal."""
        ...

    async def stop(self) -> None:
        """End it: asked first, killed when it does not go."""
        ...


class CommandChild:
    """A command with its environment and its log. `stop_signal` is how it is asked to end."""

    stop_signal = signal.SIGTERM

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log_file: Path) -> None:
        self.name = name
        self.log_file = log_file
        self.command = command
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """Its process, None while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start_until(
        self, serves: Callable[[int], Awaitable[bool]], limit: timedelta, *, pass_fds: Sequence[int] = ()
    ) -> None:
        """Start it and return when `serves(pid)`. Raises ChildFailed."""
        process = await self._spawn(pass_fds)
        try:
            async with asyncio.timeout(limit.total_seconds()):
                while process.returncode is None:
                    if await serves(process.pid):
                        return
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            await self.stop()
            raise ChildFailed(self._complaint(f"did not serve within {limit.total_seconds():.0f} s")) from None
        except BaseException:
            await self.stop()
            raise
        raise ChildFailed(self._complaint("ended while it started"))

    async def run(self) -> None:
        """Start it and wait until it has done its work. Raises ChildFailed where it says that it could not."""
        await self._spawn(())
        try:
            code = await self.wait()
        except BaseException:
            await self.stop()
            raise
        if code != 0:
            raise ChildFailed(self._complaint(f"ended with {code}"))

    async def wait(self) -> int:
        """Wait until it ends, however it does; its exit code, negative for a signal."""
        assert self._process is not None, "wait() follows start()"
        return await self._process.wait()

    async def stop(self) -> None:
        """End it: asked first, killed when it does not go."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(self.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), _STOP_TIMEOUT.total_seconds())
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _spawn(self, pass_fds: Sequence[int]) -> asyncio.subprocess.Process:
        self._log_start = self.log_file.stat().st_size if self.log_file.exists() else 0
        self._process = await spawn_bound(self.command, self.log_file, environment=self._environment, pass_fds=pass_fds)
        return self._process

    def _complaint(self, what: str) -> str:
        subject = self.name if self.name[0].isupper() else f"The {self.name}"
        return f"{subject} {what} (its log: {self.log_file}). It said: {self._last_line()}"

    def _last_line(self) -> str:
        """Ours say why they end in one line; of a traceback, the last line is what a person can use."""
        size = self.log_file.stat().st_size
        with self.log_file.open("rb") as log:
            # A log that was too long began anew.
            log.seek(self._log_start if self._log_start <= size else 0)
            lines = log.read().decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "nothing")
