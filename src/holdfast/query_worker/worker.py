"""One disposable query process, seen from its owner."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from holdfast.errors import QueryFailed, QueryWorkerDied, SnapshotDamaged
from holdfast.graph.query_process import Header
from holdfast.graph.snapshots import Snapshot
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


class QueryWorker:
    """A process bound to one snapshot. It answers one query at a time, until it is dead."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        snapshot: Snapshot,
        limits: QueryLimits,
    ) -> None:
        self._process = process
        self._snapshot = snapshot
        self._answers, self._requests = streams
        self._limits = limits
        self._is_spoilt = False

    @classmethod
    async def start(cls, snapshot: Snapshot, limits: QueryLimits) -> QueryWorker:
        """A process that is ready for a query. Raises SnapshotDamaged, QueryWorkerDied."""
        # asyncio's own subprocesses hang for ever when their start is cancelled (Python 3.11), and notice only
        # later that one died; a socket and a plain process do neither.
        ours, theirs = socket.socketpair()
        with theirs:
            process = _spawned(snapshot, limits, theirs)
        worker: QueryWorker | None = None
        try:
            worker = cls(process, await asyncio.open_connection(sock=ours), snapshot, limits)
            await worker._expect_ready()
        except BaseException:
            if worker is not None:
                await worker.end()
            else:
                process.kill()
                process.wait()
                ours.close()
            raise
        return worker

    @property
    def is_usable(self) -> bool:
        """Whether it may be asked again."""
        return not self._is_spoilt and self._process.poll() is None

    async def ask(self, text: str) -> QueryRows:
        """The rows of a query. Raises QueryFailed, SnapshotDamaged, QueryWorkerDied.

        Past a limit, and where the file cannot be read, the process is spoilt.

        A caller that is cancelled leaves it spoilt too, since nobody would read the answer.
        """
        started = time.perf_counter()
        answered = False
        try:
            async with asyncio.timeout(self._limits.timeout.total_seconds()):
                header, payload = await self._exchange(text)
            answered = header["status"] != "out_of_memory" and not _is_about_the_file(header)
        except TimeoutError:
            raise QueryFailed(
                f"The query ran longer than {self._limits.timeout.total_seconds():g} s and was stopped; narrow it, or "
                "raise HOLDFAST_GRAPH__QUERY_TIMEOUT."
            ) from None
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._died() from error
        finally:
            if not answered:
                self._spoil()
        if header["status"] != "rows":
            raise await asyncio.to_thread(_failure, header, self._limits, self._snapshot)
        frame = await asyncio.to_thread(_frame, payload)
        return QueryRows(
            frame=frame,
            seconds=time.perf_counter() - started,
            peak_memory_bytes=header["peak_memory_bytes"],
        )

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self._spoil()
        self._requests.close()
        with suppress(ConnectionError):
            await self._requests.wait_closed()
        await asyncio.to_thread(self._process.wait)

    def _spoil(self) -> None:
        self._is_spoilt = True
        self._process.kill()

    async def _expect_ready(self) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS):
                header = await self._header()
        except TimeoutError:
            raise QueryWorkerDied(f"A query process was not ready after {_START_SECONDS:g} s.") from None
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._died() from error
        if header["status"] == "unusable":
            raise _unusable(self._snapshot, header["message"])

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


def _spawned(snapshot: Snapshot, limits: QueryLimits, channel: socket.socket) -> subprocess.Popen[bytes]:
    numbers = (str(limits.memory_bytes), str(limits.max_rows))
    return subprocess.Popen(  # noqa: S603 - our own module; a snapshot's path is not from outside
        command("holdfast.graph.query_process", snapshot.manifest.engine, str(snapshot.database), *numbers),
        stdin=channel.fileno(),
        stdout=channel.fileno(),
        env={},
        cwd="/",
        # Ctrl-C is for the worker, which ends its processes in order.
        start_new_session=True,
    )


def _frame(payload: bytes) -> pl.DataFrame:
    frame = pl.read_ipc_stream(payload)
    # The engine adds integers up in 128 bits, which Arrow calls decimals; a sum of a tenant's numbers fits 64.
    sums = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Decimal) and kind.scale == 0]
    return frame.cast(dict.fromkeys(sums, pl.Int64)) if sums else frame


def _is_about_the_file(header: Header) -> bool:
    """Whether no query's text is at fault, but what the engine reads: a file cut or garbled after it was opened."""
    return header["status"] == "failed" and header["message"].startswith(("IO exception", "Storage exception"))


def _failure(header: Header, limits: QueryLimits, snapshot: Snapshot) -> QueryFailed | SnapshotDamaged:
    if _is_about_the_file(header) and _is_damaged(snapshot):
        return _unusable(snapshot, header["message"])
    match header["status"]:
        case "too_many_rows":
            return QueryFailed(
                f"The query finds {header['row_count']:,} rows and a step may return {limits.max_rows:,}; narrow it or "
                "let it count, or raise HOLDFAST_GRAPH__MAX_ROWS."
            )
        case "out_of_memory":
            return QueryFailed(
                f"The query needs more than {limits.memory_bytes / (1 << 20):,.0f} MiB of memory and was stopped; "
                "narrow it, or raise HOLDFAST_GRAPH__QUERY_MEMORY_BYTES."
            )
        case _:
            return QueryFailed(f"The query cannot run: {header['message']}")


def _is_damaged(snapshot: Snapshot) -> bool:
    # A query that reaches for another file meets the process's walls with the same words.
    try:
        snapshot.verify_contents()
    except (SnapshotDamaged, OSError):
        return True
    return False


def _unusable(snapshot: Snapshot, words: str) -> SnapshotDamaged:
    name = snapshot.manifest.snapshot_id
    return SnapshotDamaged(f"Snapshot {name} cannot be read ({words}). Run `holdfast sync` to replace it.")
