"""What several readers wait for is computed once, and stops when the last of them leaves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from holdfast.rows.errors import Abandoned
from holdfast.rows.shared_work import SharedWork


def shared(*, most_bytes: int = 100, at_once: int = 1) -> SharedWork[str, bytes]:
    return SharedWork(asyncio.Semaphore(at_once), most_bytes, len)


class Held:
    """A computation that goes on until it is let go or given up, and counts its beginnings."""

    def __init__(self) -> None:
        self.begun = 0
        self.let_go = threading.Event()
        self.gave_up = threading.Event()

    def __call__(self, stop: Callable[[], None]) -> bytes:
        self.begun += 1
        while not self.let_go.wait(0.005):
            try:
                stop()
            except Abandoned:
                self.gave_up.set()
                raise
        return b"done"

    async def until_begun(self) -> None:
        while not self.begun:
            await asyncio.sleep(0.005)


async def test_two_who_want_the_same_wait_for_one_computation() -> None:
    work, held = shared(), Held()
    waiting = [asyncio.create_task(work.get("a", held)) for _ in range(2)]
    await held.until_begun()
    held.let_go.set()
    assert await asyncio.gather(*waiting) == [b"done", b"done"]
    assert await work.get("a", held) == b"done"
    assert held.begun == 1


async def test_one_who_leaves_takes_nothing_from_the_other_and_the_last_stops_the_work() -> None:
    work, held = shared(), Held()
    first, second = (asyncio.create_task(work.get("a", held)) for _ in range(2))
    await held.until_begun()
    first.cancel()
    await asyncio.sleep(0.05)
    assert not held.gave_up.is_set()
    second.cancel()
    assert await asyncio.to_thread(held.gave_up.wait, 30)
    held.let_go.set()
    assert await work.get("a", held) == b"done", "who comes later begins anew"
    assert held.begun == 2


async def test_what_nobody_waits_for_any_more_never_begins() -> None:
    work, held, never = shared(), Held(), Held()
    running = asyncio.create_task(work.get("a", held))
    await held.until_begun()
    queued = asyncio.create_task(work.get("b", never))
    await asyncio.sleep(0.02)
    queued.cancel()
    held.let_go.set()
    await running
    assert await work.get("c", lambda _: b"c") == b"c"
    assert not never.begun


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    work = shared()

    def fail(_: Callable[[], None]) -> bytes:
        raise ValueError("no")

    outcomes = await asyncio.gather(*(work.get("a", fail) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, ValueError) for outcome in outcomes)
    assert await work.get("a", lambda _: b"yes") == b"yes"


async def test_the_oldest_goes_when_there_is_no_room_and_the_latest_stays_whatever_its_size() -> None:
    work = shared(most_bytes=10)
    begun: list[str] = []

    async def get(key: str, size: int) -> None:
        def compute(_: Callable[[], None]) -> bytes:
            begun.append(key)
            return b"x" * size

        await work.get(key, compute)

    for key, size in (("a", 4), ("b", 4), ("a", 4), ("c", 4), ("a", 4), ("b", 4), ("huge", 99), ("huge", 99), ("a", 4)):
        await get(key, size)
    assert begun == ["a", "b", "c", "b", "huge", "a"]


async def test_no_more_run_at_once_than_there_are_slots() -> None:
    work = shared(at_once=2)
    running, most, lock = 0, 0, threading.Lock()

    def compute(_: Callable[[], None]) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return b""

    await asyncio.gather(*(work.get(f"{n}", compute) for n in range(8)))
    assert most == 2


async def test_a_wait_that_is_given_up_leaves_no_error_behind(caplog: pytest.LogCaptureFixture) -> None:
    work, held = shared(), Held()
    task = asyncio.create_task(work.get("a", held))
    await held.until_begun()
    task.cancel()
    assert await asyncio.to_thread(held.gave_up.wait, 30)
    await asyncio.sleep(0.05)
    assert not caplog.records
