"""One disposable query process, seen from its owner."""

from __future__ import annotations

import asyncio
import time

import polars as pl

from holdfast.disposable.inside import Header
from holdfast.disposable.owner import DisposableProcess, QueryLimits, QueryRows, Unusable
from holdfast.errors import QueryFailed, SnapshotDamaged
from holdfast.graph.snapshots import Snapshot


class QueryWorker:
    """A process bound to one snapshot. It answers one query at a time, until it is dead."""

    def __init__(self, process: DisposableProcess, snapshot: Snapshot, limits: QueryLimits) -> None:
        self._process = process
        self._snapshot = snapshot
        self._limits = limits

    @classmethod
    async def start(cls, snapshot: Snapshot, limits: QueryLimits) -> QueryWorker:
        """A process that is ready for a query. Raises SnapshotDamaged, QueryWorkerDied."""
        numbers = (str(limits.memory_bytes), str(limits.max_rows))
        arguments = (snapshot.manifest.engine, str(snapshot.database), *numbers)
        try:
            process = await DisposableProcess.start("holdfast.graph.query_process", arguments)
        except Unusable as error:
            raise _unusable(snapshot, str(error)) from error
        return cls(process, snapshot, limits)

    @property
    def is_usable(self) -> bool:
        """Whether it may be asked again."""
        return self._process.is_usable

    async def ask(self, text: str) -> QueryRows:
        """The rows of a query. Raises QueryFailed, SnapshotDamaged, QueryWorkerDied.

        Past a limit, and where the file cannot be read, the process is spoilt; a caller that is cancelled leaves it
        spoilt, too.
        """
        started = time.perf_counter()
        try:
            header, payload = await self._process.ask(text, self._limits.timeout)
        except TimeoutError:
            raise QueryFailed(
                f"The query ran longer than {self._limits.timeout.total_seconds():g} s and was stopped; narrow it, or "
                "raise HOLDFAST_GRAPH__QUERY_TIMEOUT."
            ) from None
        if header["status"] == "out_of_memory" or _is_about_the_file(header):
            self._process.spoil()
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
        await self._process.end()


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
