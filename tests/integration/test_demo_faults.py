"""What the demo tenant does when told to misbehave: lasting faults, faults that pass, storms and lists that change."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from holdfast.demo import Company, FaultOptions, RateLimitOptions, TenantOptions, make_company, running
from holdfast.demo.request_log import Count, read_counts
from tests.demo_asker import TOKEN, UNLIMITED, Asker, asking


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, 120, now=datetime(2026, 11, 21, tzinfo=UTC))


def options(log: Path | None = None, **faults: object) -> TenantOptions:
    return TenantOptions(rate_limits=UNLIMITED, faults=FaultOptions.model_validate(faults), request_log=log)


async def statuses(ask: Asker, company: Company, path: str = "/api/v1/users/{}") -> dict[str, int]:
    return {user: (await ask.get(path.format(user))).status for user in company.users}


async def test_a_flaky_address_fails_as_often_as_said_and_then_answers(company: Company) -> None:
    async with asking(company, options(flaky=("/api/v1/groups*",), flaky_tries=3)) as ask:
        for address in ("/api/v1/groups?limit=2", "/api/v1/groups?limit=3", "/api/v1/groups/rules"):
            answers = [await ask.get(address) for _ in range(5)]
            assert [answer.status for answer in answers] == [500, 500, 500, 200, 200]
            assert answers[0].body["errorCode"] == "E0000009"
        assert (await ask.get("/api/v1/zones")).status == 200


async def test_broken_and_gone_paths_stay_so_and_no_others(company: Company) -> None:
    async with asking(company, options(broken=("/api/v1/zones",), gone=("/api/v1/users/*/factors",))) as ask:
        user = company.cases.token_owner
        for _ in range(4):
            assert (await ask.get("/api/v1/zones")).status == 500
            status, body, _ = await ask.get(f"/api/v1/users/{user}/factors")
            assert (status, body["errorCode"]) == (404, "E0000007")
        assert (await ask.get(f"/api/v1/users/{user}")).status == 200


async def test_single_things_are_refused_or_gone_for_good_and_lists_are_not(company: Company) -> None:
    faults = options(seed=3, forbidden_rate=0.2, gone_rate=0.2)
    async with asking(company, faults) as ask:
        first = await statuses(ask, company)
        assert set(first.values()) == {200, 403, 404}
        assert first == await statuses(ask, company)
        assert len(await ask.all("/api/v1/users", search="id pr", limit="50")) == len(company.users)
    # Whatever was asked before, and by whom.
    async with asking(company, faults) as again:
        await again.get("/api/v1/groups")
        assert first == await statuses(again, company)
    async with asking(company, options(seed=4, forbidden_rate=0.2, gone_rate=0.2)) as other:
        assert first != await statuses(other, company)


async def test_a_storm_answers_429_until_the_window_ends(company: Company) -> None:
    limits = RateLimitOptions(window=timedelta(seconds=1))
    tenant = TenantOptions(rate_limits=limits, faults=FaultOptions(storm_rate=1, seed=2))
    async with asking(company, tenant) as ask:
        answers = [await ask.get("/api/v1/devices?limit=1") for _ in range(101)]
        refused = [answer for answer in answers if answer.status == 429]
        assert len(refused) > 1
        for _, body, headers in refused:
            assert body["errorCode"] == "E0000047"
            assert (headers["X-Rate-Limit-Limit"], headers["X-Rate-Limit-Remaining"]) == ("100", "0")
        reset = int(refused[0].headers["X-Rate-Limit-Reset"])
        while time.time() < reset:
            await asyncio.sleep(0.05)
        assert (await ask.get("/api/v1/zones")).status == 200


async def test_only_as_many_requests_at_the_same_time_as_said(company: Company) -> None:
    limits = RateLimitOptions(concurrent=3)
    tenant = TenantOptions(rate_limits=limits, faults=FaultOptions(latency=timedelta(milliseconds=500)))
    async with asking(company, tenant) as ask:
        answers = await asyncio.gather(*[ask.get("/api/v1/zones") for _ in range(8)])
        refused = [answer.headers for answer in answers if answer.status == 429]
        assert {(h["X-Rate-Limit-Limit"], h["X-Rate-Limit-Remaining"]) for h in refused} == {("0", "0")}
        assert sum(answer.status == 200 for answer in answers) == 3
        assert (await ask.get("/api/v1/zones")).status == 200


@pytest.mark.parametrize("path", ["/api/v1/users?search=id pr", '/api/v1/apps?filter=status eq "ACTIVE"'])
async def test_lists_that_change_while_they_are_read_lose_nothing(path: str, company: Company) -> None:
    async with asking(company, options()) as ask:
        expected = [thing["id"] for thing in await ask.all(f"{path}&limit=200")]
    async with asking(company, options(shifting_pages=1)) as ask:
        for limit in (1, 2, 7):
            read = [thing["id"] for thing in await ask.all(f"{path}&limit={limit}")]
            assert list(dict.fromkeys(read)) == expected
        pages = [(await ask.get(f"{path}&limit=3")).body for _ in range(2)]
        assert [len(page) for page in pages] == [2, 3]
        repeated = await ask.get(f"{path}&limit=3&after={pages[1][-1]['id']}")
        assert repeated.body[0] == pages[1][-1]
        assert len(repeated.body) <= 3


async def test_lists_in_a_body_change_while_they_are_read_too(company: Company) -> None:
    async with asking(company, options(shifting_pages=1)) as ask:
        read, path = [], "/api/v1/iam/assignees/users?limit=2"
        while path:
            body = (await ask.get(path)).body
            read += [user["id"] for user in body["value"]]
            path = body.get("_links", {}).get("next", {}).get("href", "")
    assert len(read) >= len(set(read)) == len(company.administrators)


async def test_the_log_counts_what_was_asked_and_what_was_finished(company: Company, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    async with asking(company, options(log, flaky=("/api/v1/zones",), flaky_tries=1)) as ask:
        for _ in range(3):
            await ask.get("/api/v1/zones")
        await ask.get("/api/v1/zones?limit=1")
    assert read_counts(log) == {"/api/v1/zones": Count(3, 2), "/api/v1/zones?limit=1": Count(1, 0)}


async def test_an_answer_that_was_cut_or_that_nobody_waited_for_is_not_finished(
    company: Company, tmp_path: Path
) -> None:
    log = tmp_path / "requests.jsonl"
    async with asking(company, options(log, cut_rate=1)) as ask:
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask.get("/api/v1/zones")
    assert read_counts(log) == {"/api/v1/zones": Count(1, 0)}
    async with running(company, options(log, latency=0.3)) as tenant:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(TimeoutError):
                await session.get(f"{tenant.url}/api/v1/org", headers=TOKEN, timeout=aiohttp.ClientTimeout(total=0.05))
        async with asyncio.timeout(30):
            while "/api/v1/org" not in read_counts(log):
                await asyncio.sleep(0.02)
    assert read_counts(log)["/api/v1/org"] == Count(1, 0)
