"""The Okta client within its tenant's limits, over real HTTP, against a loopback server that each test scripts."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from holdfast.errors import (
    OktaRateLimited,
)
from holdfast.okta import pacer as pacing
from tests.integration.scripted_tenant import Window, client, okta_error, rate_headers, tenant


async def test_no_request_leaves_that_the_learnt_limit_forbids() -> None:
    window = Window(limit=7, seconds=2)

    async def handler(request: web.Request) -> web.Response:
        allowed, headers = window.count()
        await asyncio.sleep(0.01)
        return web.json_response([], headers=headers) if allowed else okta_error(429, "E0000047", "too many", **headers)

    async with tenant(handler) as url, client(url) as okta:
        await asyncio.gather(*(okta.get(f"/api/v1/groups/00g{n}/users") for n in range(12)))
        stats = okta.stats
    assert window.refused == 0
    assert max(window.counts.values()) == 7
    assert stats.calls == 12
    assert stats.waited_seconds > 0
    assert [(bucket.bucket, bucket.limit, bucket.calls) for bucket in stats.buckets] == [("/api/v1/groups", 7, 12)]
    assert stats.buckets[0].peak_used == 1.0


async def test_only_the_configured_share_of_a_limit_is_used() -> None:
    window = Window(limit=10, seconds=2)

    async def handler(request: web.Request) -> web.Response:
        return web.json_response([], headers=window.count()[1])

    async with tenant(handler) as url, client(url, rate_limit_share=0.5) as okta:
        await asyncio.gather(*(okta.get("/api/v1/logs") for _ in range(8)))
    assert max(window.counts.values()) <= 5


async def test_buckets_that_the_tenant_counts_apart_are_learnt_to_be_apart() -> None:
    # Okta's table counts both with "everything else"; this tenant does not.
    windows = {"zones": Window(limit=3, seconds=2), "policies": Window(limit=40, seconds=2)}

    async def handler(request: web.Request) -> web.Response:
        window = windows[request.path.split("/")[3]]
        allowed, headers = window.count()
        await asyncio.sleep(0.005)
        return web.json_response([], headers=headers) if allowed else okta_error(429, "E0000047", "too many", **headers)

    async with tenant(handler) as url, client(url) as okta:
        await okta.get("/api/v1/policies")
        await okta.get("/api/v1/zones")
        await asyncio.gather(*(okta.get(f"/api/v1/{what}") for what in ["zones"] * 5 + ["policies"] * 20))
        names = {bucket.bucket for bucket in okta.stats.buckets}
    assert windows["zones"].refused == 0
    assert windows["policies"].refused == 0
    assert names == {"/api/v1", "/api/v1/zones"}


async def test_a_429_is_waited_for_until_its_reset_by_the_tenants_clock() -> None:
    # The tenant's clock is an hour ahead of ours.
    ahead = 3600
    asked: list[float] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(time.monotonic())
        now = time.time() + ahead
        if len(asked) == 1:
            return okta_error(429, "E0000047", "API call exceeded rate limit", **rate_headers(9, 0, int(now) + 1, now))
        return web.json_response([], headers=rate_headers(9, 8, now + 60, now))

    async with tenant(handler) as url, client(url) as okta:
        assert await okta.get("/api/v1/users") == []
        assert okta.stats.retries == 1
    assert 1.0 < asked[1] - asked[0] < 10.0


async def test_a_429_without_end_is_left_to_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_UNNAMED_PAUSE_S", 0.01)
    asked = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=429)

    async with tenant(handler) as url, client(url) as okta:
        with pytest.raises(OktaRateLimited) as caught:
            await okta.get("/api/v1/users")
    assert asked == 11
    assert caught.value.retry_after is not None


async def test_meeting_the_concurrency_limit_lowers_the_number_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_CONCURRENCY_PAUSE_S", 0.05)
    in_flight, refused, highest_later = 0, 0, 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal in_flight, refused, highest_later
        in_flight += 1
        now = time.time()
        try:
            if in_flight > 5:
                refused += 1
                return okta_error(429, "E0000047", "too many at once", **rate_headers(0, 0, now + 60, now))
            if refused:
                highest_later = max(highest_later, in_flight)
            await asyncio.sleep(0.02)
            return web.json_response([], headers=rate_headers(1000, 500, now + 60, now))
        finally:
            in_flight -= 1

    async with tenant(handler) as url, client(url, concurrency=10) as okta:
        await asyncio.gather(*(okta.get("/api/v1/logs") for _ in range(60)))
        # One of the first ten asks for the limit alone, then nine or ten leave together: one lesson, or two.
        assert 0 < refused <= 10
        assert okta.stats.retries == refused
    assert highest_later <= 5
