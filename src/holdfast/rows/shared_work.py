"""Results that several wait for are computed once, kept while there is room, and given up when nobody waits."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from holdfast.rows.errors import Abandoned

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass
class _Work(Generic[V]):
    result: asyncio.Future[V]
    waiting: int = 0
    given_up: threading.Event = field(default_factory=threading.Event)


class SharedWork(Generic[K, V]):
    """Values by key. `size_of` tells what one takes of `most_bytes`; `slots` bounds what is computed at a time."""

    def __init__(self, slots: asyncio.Semaphore, most_bytes: int, size_of: Callable[[V], int]) -> None:
        self._slots = slots
        self._most_bytes = most_bytes
        self._size_of = size_of
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._bytes = 0
        self._running: dict[K, _Work[V]] = {}

    async def get(self, key: K, compute: Callable[[Callable[[], None]], V]) -> V:
        """The value: kept, or computed in a thread, once for all who wait.

        `compute` gets a function to call now and then, which raises Abandoned when the last of them went away.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        work = self._running.get(key)
        if work is None:
            work = self._running[key] = self._begun(key, compute)
        work.waiting += 1
        try:
            return await asyncio.shield(work.result)
        finally:
            work.waiting -= 1
            if not work.waiting and not work.result.done():
                work.given_up.set()
                # Who comes now begins anew.
                self._running.pop(key, None)

    def _begun(self, key: K, compute: Callable[[Callable[[], None]], V]) -> _Work[V]:
        def stop() -> None:
            if work.given_up.is_set():
                raise Abandoned

        async def run() -> V:
            async with self._slots:
                stop()
                return await asyncio.to_thread(compute, stop)

        work: _Work[V] = _Work(asyncio.ensure_future(run()))
        work.result.add_done_callback(lambda done: self._ended(key, work, done))
        return work

    def _ended(self, key: K, work: _Work[V], done: asyncio.Future[V]) -> None:
        if self._running.get(key) is work:
            del self._running[key]
        if done.cancelled() or done.exception() is not None:
            return
        value = done.result()
        if key not in self._kept:
            self._kept[key] = value
            self._bytes += self._size_of(value)
        # The latest is kept whatever its size: it is about to be paged through.
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= self._size_of(oldest)
