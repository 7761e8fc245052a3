"""A disposable process, seen from its owner."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from holdfast.disposable.inside import Header
from holdfast.errors import QueryWorkerDied
from holdfast.processes import command

# It is ready in 0.2 s; a machine that swaps or compiles something else may take much longer.
_START_SECONDS = 30.0


@dataclass(frozen=True)
class QueryLimits:
    """What one query may cost."""

    timeout: timedelta
    memory_bytes: int
    max_rows: int


@dataclass(frozen=True)
class QueryRows:
    """The rows of one query, and what they cost. Timestamps are `Datetime('us')` without a zone, in UTC."""

    frame: pl.DataFrame
    seconds: float
    peak_memory_bytes: int


class Unusable(Exception):
    """The process says that it can answer nothing, and why, in an engine's words."""


class DisposableProcess:
    """A process of one of our modules. It answers one query at a time, until it is dead."""

    def __init__(
        self, process: subprocess.Popen[bytes], answers: asyncio.StreamReader, requests: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._answers = answers
        self._requests = requests
        self._is_spoilt = False

    @classmethod
    async def start(cls, module: str, arguments: Sequence[str]) -> DisposableProcess:
        """A process that is ready for a query. Raises Unusable, QueryWorkerDied."""
        # asyncio's own subprocesses hang for ever when their start is cancelled (Python 3.11), and notice only
        # later that one died; a socket and a plain process do neither.
        ours, theirs = socket.socketpair()
        with theirs:
            process = _spawned(module, arguments, theirs)
        started: DisposableProcess | None = None
        try:
            started = cls(process, *await asyncio.open_connection(sock=ours))
            await started._expect_ready()
        except BaseException:
            if started is not None:
                await started.end()
            else:
                process.kill()
                process.wait()
                ours.close()
            raise
        return started

    @property
    def is_usable(self) -> bool:
        """Whether it may be asked again."""
        return not self._is_spoilt and self._process.poll() is None

    async def ask(self, text: str, within: timedelta) -> tuple[Header, bytes]:
        """The answer's header and, of rows, their Arrow stream. Raises TimeoutError, QueryWorkerDied.

        Whatever is raised, and a caller that is cancelled, leaves the process spoilt: nobody would read the answer.
        """
        answered = False
        try:
            async with asyncio.timeout(within.total_seconds()):
                answer = await self._exchange(text)
            answered = True
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._died() from error
        finally:
            if not answered:
                self.spoil()
        return answer

    def spoil(self) -> None:
        """Kill it; nobody waits."""
        self._is_spoilt = True
        self._process.kill()

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self.spoil()
        self._requests.close()
        with suppress(ConnectionError):
            await self._requests.wait_closed()
        await asyncio.to_thread(self._process.wait)

    async def _expect_ready(self) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS):
                header = await self._header()
        except TimeoutError:
            raise QueryWorkerDied(f"A query process was not ready after {_START_SECONDS:g} s.") from None
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._died() from error
        if header["status"] == "unusable":
            raise Unusable(header["message"])

    async def _exchange(self, text: str) -> tuple[Header, bytes]:
        request = text.encode()
        self._requests.write(len(request).to_bytes(4) + request)
        await self._requests.drain()
        header = await self._header()
        return header, await self._answers.readexactly(header["payload_bytes"])

    async def _header(self) -> Header:
        length = int.from_bytes(await self._answers.readexactly(4))
        header: Header = json.loads(await self._answers.readexactly(length))
        return header

    async def _died(self) -> QueryWorkerDied:
        status = await asyncio.to_thread(self._process.wait)
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return QueryWorkerDied(f"The process that ran the query ended {how} before it answered; a new one is started.")


def _spawned(module: str, arguments: Sequence[str], channel: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own modules; no argument is from outside
        command(module, *arguments),
        stdin=channel.fileno(),
        stdout=channel.fileno(),
        env={},
        cwd="/",
        # Ctrl-C is for the worker, which ends its processes in order.
        start_new_session=True,
    )
