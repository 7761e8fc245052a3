"""Running one guarded SQL query over earlier steps' rows, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from holdfast.columns import in_plain_types
from holdfast.disposable.inside import Header
from holdfast.disposable.owner import DisposableProcess, QueryLimits, QueryRows, Unusable
from holdfast.errors import QueryFailed
from holdfast.settings import GraphSettings
from holdfast.sql.guard import GuardedSql

_PROCESS = "holdfast.sql.sql_process"


class SqlEngine:
    """Runs queries within limits, `size` at the same time, each in a process that ends with it.

    A process is ready in half a second and holds one step's tables, which no other step may see.
    """

    def __init__(self, limits: QueryLimits, size: int) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(size)

    @classmethod
    def from_settings(cls, graph: GraphSettings) -> SqlEngine:
        """What a query over stored rows may cost, one over found rows may cost too."""
        return cls(QueryLimits(graph.query_timeout, graph.query_memory_bytes, graph.max_rows), graph.workers)

    async def run(self, tables: Mapping[str, Path], query: GuardedSql) -> QueryRows:
        """The rows of `query` over Parquet files by their tables' names. Raises QueryFailed, QueryWorkerDied."""
        files = json.dumps({name: str(file) for name, file in tables.items()})
        numbers = (str(self._limits.memory_bytes), str(self._limits.max_rows))
        async with self._slots:
            started = time.perf_counter()
            try:
                process = await DisposableProcess.start(_PROCESS, (files, *numbers))
            except Unusable as error:
                raise QueryFailed(f"The rows of earlier steps cannot be read as tables: {error}") from error
            try:
                header, payload = await process.ask(query.text, self._limits.timeout)
            except TimeoutError:
                raise QueryFailed(
                    f"The query ran longer than {self._limits.timeout.total_seconds():g} s and was stopped; narrow "
                    "it, or raise HOLDFAST_GRAPH__QUERY_TIMEOUT."
                ) from None
            finally:
                await process.end()
        if header["status"] != "rows":
            raise _failure(header, self._limits)
        frame = await asyncio.to_thread(_frame, payload)
        return QueryRows(frame, time.perf_counter() - started, header["peak_memory_bytes"])


def _frame(payload: bytes) -> pl.DataFrame:
    """The rows in plain types; sums, which the engine adds up in 128 bits, are 64-bit numbers."""
    frame = pl.read_ipc_stream(payload)
    sums = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Decimal) and kind.scale == 0]
    try:
        return in_plain_types(frame.cast(dict.fromkeys(sums, pl.Int64)).lazy()).collect()
    except pl.exceptions.InvalidOperationError as error:
        raise QueryFailed(
            f"A number in {' or '.join(sums)} is larger than 64 bits hold; have the query give it as text or DOUBLE."
        ) from error


def _failure(header: Header, limits: QueryLimits) -> QueryFailed:
    match header["status"]:
        case "too_many_rows":
            return QueryFailed(
                f"The query finds more than the {limits.max_rows:,} rows that a step may return; narrow it or let it "
                "count, or raise HOLDFAST_GRAPH__MAX_ROWS."
            )
        case "out_of_memory":
            return QueryFailed(
                f"The query needs more than {limits.memory_bytes / (1 << 20):,.0f} MiB of memory and was stopped; "
                "narrow it, or raise HOLDFAST_GRAPH__QUERY_MEMORY_BYTES."
            )
        case _:
            return QueryFailed(f"The query cannot run: {header['message']}")
