"""A few query processes always ready on the newest snapshot; every failure costs one of them and nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from datetime import timedelta
from pathlib import Path

import structlog

from holdfast.disposable.owner import QueryLimits, QueryRows
from holdfast.errors import QueryWorkerDied, SnapshotDamaged
from holdfast.graph.engine import EngineName
from holdfast.graph.guard import GuardedQuery
from holdfast.graph.snapshots import Snapshot, warn_about
from holdfast.query_worker.worker import QueryWorker

# Longer than the pauses between the steps of a question, which stays on its snapshot when a newer one is published.
RETIRE_AFTER = timedelta(seconds=60)

_log = structlog.get_logger(__name__)

# The folder and the digest: a damaged snapshot may be replaced under its own name.
_Key = tuple[Path, str]


class QueryPool:
    """Runs guarded queries, `size` at the same time, each within the limits.

    It follows the newest snapshot it has been asked about and keeps `size` processes ready on it. A question that
    began on an older one gets processes of its own, which are retired once nobody asks them any more.
    """

    def __init__(self, *, engine: EngineName, size: int, timeout: timedelta, memory_bytes: int, max_rows: int) -> None:
        warn_about(engine)
        self._engine = engine
        self._size = size
        self._limits = QueryLimits(timeout=timeout, memory_bytes=memory_bytes, max_rows=max_rows)
        self._slots = asyncio.Semaphore(size)
        self._followed: Snapshot | None = None
        # Started or starting, and asked by nobody.
        self._spares: dict[_Key, deque[asyncio.Future[QueryWorker]]] = {}
        self._busy: Counter[_Key] = Counter()
        self._last_asked: dict[_Key, float] = {}
        self._retirement: asyncio.TimerHandle | None = None
        self._workers: set[QueryWorker] = set()
        self._verified: set[_Key] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def run(self, snapshot: Snapshot, query: GuardedQuery) -> QueryRows:
        """The rows of `query` over `snapshot`.

        Raises QueryFailed (the engine's words, or the limit that was passed), QueryWorkerDied, SnapshotDamaged,
        NoSnapshot (pruned since).
        """
        self.follow(snapshot)
        key = _key(snapshot)
        async with self._slots:
            self._busy[key] += 1
            self._last_asked[key] = asyncio.get_running_loop().time()
            try:
                worker = await self._take(snapshot)
                try:
                    return await worker.ask(query.text)
                finally:
                    self._put_back(worker, snapshot)
            finally:
                self._busy[key] -= 1
                self._refill()
                if snapshot != self._followed:
                    self._plan_retirement()

    def follow(self, snapshot: Snapshot) -> None:
        """Keep processes ready on `snapshot` from now on, if it is newer. Raises SnapshotDamaged for another engine."""
        built_with = snapshot.manifest.engine
        if built_with != self._engine:
            raise SnapshotDamaged(
                f"Snapshot {snapshot.manifest.snapshot_id} was built with {built_with}, and HOLDFAST_GRAPH__ENGINE is "
                f"{self._engine}; run `holdfast sync` to build one with it."
            )
        if self._followed is None or snapshot.manifest.sync_finished > self._followed.manifest.sync_finished:
            self._followed = snapshot
            self._plan_retirement()
        self._refill()

    async def close(self) -> None:
        """End every process; queries that still run fail with QueryWorkerDied."""
        self._is_closed = True
        if self._retirement is not None:
            self._retirement.cancel()
        starting = [future for spares in self._spares.values() for future in spares if not future.done()]
        self._spares.clear()
        for future in starting:
            future.cancel()
        await asyncio.gather(*starting, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in list(self._workers)), *self._endings)

    async def _take(self, snapshot: Snapshot) -> QueryWorker:
        spares = self._spares.setdefault(_key(snapshot), deque())
        while spares:
            starting = spares.popleft()
            if starting.done() and (starting.cancelled() or starting.exception() is not None):
                # It failed for whoever came before; what would fail now is told by a start of its own.
                continue
            try:
                worker = await asyncio.shield(starting)
            except asyncio.CancelledError:
                # The question was cancelled, not the process: it is the next one's.
                spares.appendleft(starting)
                raise
            if worker.is_usable:
                return worker
            self._discard(worker)
        return await self._start(snapshot)

    async def _start(self, snapshot: Snapshot) -> QueryWorker:
        key = _key(snapshot)
        if key not in self._verified:
            await asyncio.to_thread(snapshot.verify_contents)
            self._verified.add(key)
        worker = await QueryWorker.start(snapshot, self._limits)
        if self._is_closed:
            await worker.end()
            raise QueryWorkerDied("The query processes were ended before this query ran; a new worker runs it.")
        self._workers.add(worker)
        return worker

    def _put_back(self, worker: QueryWorker, snapshot: Snapshot) -> None:
        if worker.is_usable:
            ready: asyncio.Future[QueryWorker] = asyncio.get_running_loop().create_future()
            ready.set_result(worker)
            self._spares.setdefault(_key(snapshot), deque()).append(ready)
        else:
            self._discard(worker)

    def _refill(self) -> None:
        """Start what is missing of `size` processes on the followed snapshot; a failed start is told to its taker."""
        if self._followed is None or self._is_closed:
            return
        key = _key(self._followed)
        spares = self._spares.setdefault(key, deque())
        while len(spares) + self._busy[key] < self._size:
            starting = asyncio.create_task(self._start(self._followed))
            starting.add_done_callback(_log_failed_start)
            spares.append(starting)

    def _plan_retirement(self) -> None:
        if self._retirement is None and not self._is_closed:
            loop = asyncio.get_running_loop()
            self._retirement = loop.call_later(RETIRE_AFTER.total_seconds(), self._retire_unused)

    def _retire_unused(self) -> None:
        self._retirement = None
        followed = None if self._followed is None else _key(self._followed)
        oldest = asyncio.get_running_loop().time() - RETIRE_AFTER.total_seconds()
        for key in [key for key in self._spares if key != followed]:
            if self._busy[key] or self._last_asked.get(key, 0.0) > oldest:
                self._plan_retirement()
                continue
            for future in self._spares.pop(key):
                if future.done() and not future.cancelled() and future.exception() is None:
                    self._discard(future.result())
                else:
                    future.cancel()

    def _discard(self, worker: QueryWorker) -> None:
        self._workers.discard(worker)
        ending = asyncio.create_task(worker.end())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)


def _key(snapshot: Snapshot) -> _Key:
    return snapshot.directory, snapshot.manifest.database_sha256


def _log_failed_start(starting: asyncio.Future[QueryWorker]) -> None:
    """Also takes note of the failure, which asyncio reports as lost where no question comes to be told of it."""
    if not starting.cancelled() and (error := starting.exception()) is not None:
        _log.warning("query_process_failed_to_start", reason=str(error))
