"""Who may leave when: places shared fairly, given back always, and limits learnt while requests are under way."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from holdfast.okta import pacer as pacing
from holdfast.okta.pacer import Pacer


def headers(limit: int, remaining: int, seconds: float = 60) -> dict[str, str]:
    reset = str(int(time.time() + seconds))
    return {"x-rate-limit-limit": str(limit), "x-rate-limit-remaining": str(remaining), "x-rate-limit-reset": reset}


async def visit(pacer: Pacer, path: str, order: list[str], answer: dict[str, str]) -> None:
    async with pacer.turn(path) as turn:
        order.append(path)
        await asyncio.sleep(0)
        pacer.learn(turn, 200, answer)


async def test_a_long_queue_of_one_bucket_starves_no_other() -> None:
    pacer, order = Pacer(concurrency=1, share=1.0), list[str]()
    many = [visit(pacer, "/api/v1/users", order, headers(600, 500)) for _ in range(10)]
    await asyncio.gather(*many, visit(pacer, "/api/v1/logs", order, headers(120, 100)))
    assert order.index("/api/v1/logs") <= 2


async def test_a_used_up_bucket_holds_back_no_other() -> None:
    pacer, order = Pacer(concurrency=2, share=1.0), list[str]()
    await visit(pacer, "/api/v1/users", order, headers(600, 0))
    waiting = asyncio.create_task(visit(pacer, "/api/v1/users", order, headers(600, 0)))
    await asyncio.gather(*(visit(pacer, "/api/v1/logs", order, headers(120, 100)) for _ in range(5)))
    assert order == ["/api/v1/users"] + ["/api/v1/logs"] * 5
    assert not waiting.done()
    pacer.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_the_first_request_of_a_bucket_goes_alone_and_the_rest_obey_what_it_learnt() -> None:
    pacer, in_flight, highest = Pacer(concurrency=50, share=1.0), 0, list[int]()
    left = 5

    async def request() -> None:
        nonlocal in_flight, left
        async with pacer.turn("/api/v1/logs") as turn:
            in_flight += 1
            highest.append(in_flight)
            left -= 1
            seen = left
            await asyncio.sleep(0.001)
            in_flight -= 1
            pacer.learn(turn, 200, headers(5, seen))

    tasks = [asyncio.create_task(request()) for _ in range(20)]
    await asyncio.sleep(0.05)
    assert highest[:2] == [1, 1]
    assert (len(highest), left) == (5, 0)
    pacer.close()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("pauses", range(4))
async def test_a_request_cancelled_at_any_moment_gives_its_place_back(pauses: int) -> None:
    pacer = Pacer(concurrency=1, share=1.0)
    async with pacer.turn("/api/v1/logs") as turn:
        pacer.learn(turn, 200, headers(100, 90))
        waiting = asyncio.create_task(visit(pacer, "/api/v1/logs", [], headers(100, 89)))
        await asyncio.sleep(0)
    # Its turn has come; it has not noticed yet, or is under way.
    for _ in range(pauses):
        await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(1):
        await visit(pacer, "/api/v1/logs", [], headers(100, 88))


async def test_a_tenant_without_limits_is_asked_at_full_width() -> None:
    pacer, order = Pacer(concurrency=8, share=1.0), list[str]()
    await visit(pacer, "/api/v1/logs", order, {})
    async with contextlib.AsyncExitStack() as turns:
        async with asyncio.timeout(1):
            for _ in range(8):
                await turns.enter_async_context(pacer.turn("/api/v1/logs"))


async def test_the_number_in_flight_grows_again_after_the_concurrency_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_CONCURRENCY_PAUSE_S", 0.01)
    pacer = Pacer(concurrency=4, share=1.0)

    async def at_once() -> int:
        leave, admitted = asyncio.Event(), 0

        async def stay() -> None:
            nonlocal admitted
            async with pacer.turn("/api/v1/logs"):
                admitted += 1
                await leave.wait()

        tasks = [asyncio.create_task(stay()) for _ in range(6)]
        await asyncio.sleep(0.01)
        together = admitted
        leave.set()
        await asyncio.gather(*tasks)
        return together

    await visit(pacer, "/api/v1/logs", [], headers(1000, 500))
    assert await at_once() == 4
    async with pacer.turn("/api/v1/logs") as turn:
        assert pacer.learn(turn, 429, headers(0, 0)) == 0.01
    await asyncio.sleep(0.03)
    assert await at_once() == 1
    for _ in range(100):
        await visit(pacer, "/api/v1/logs", [], headers(1000, 500))
    assert await at_once() == 4
