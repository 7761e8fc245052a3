"""The Okta client against the demo tenant: the two know nothing of each other but Okta's ways."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from joserfc import jwk
from pydantic import SecretStr

from holdfast.demo import (
    DEMO_CLIENT_ID,
    DEMO_TOKEN,
    Company,
    FaultOptions,
    RateLimitOptions,
    TenantOptions,
    make_company,
    running,
)
from holdfast.errors import OktaRefused, OktaServerError, OktaUnreachable
from holdfast.okta import ApiToken, OktaClient, ServiceApp

LOGIN = ApiToken(SecretStr(DEMO_TOKEN))


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(seed=3, users=60)


def statuses(log: Path) -> list[int]:
    return [orjson.loads(line)["status"] for line in log.read_bytes().splitlines()]


async def test_every_page_of_every_kind_of_list_is_read(company: Company) -> None:
    async with running(company, TenantOptions()) as tenant, OktaClient(tenant.url, LOGIN) as okta:
        users = [user async for page in okta.pages("/api/v1/users", {"limit": 7}) for user in page.items]
        assignees = [user async for page in okta.pages("/api/v1/iam/assignees/users") for user in page.items]
        found = [u async for p in okta.pages("/api/v1/users", {"search": 'status eq "DEPROVISIONED"'}) for u in p.items]
        again = await okta.get(f"/api/v1/users/{users[0]['id']}")
    assert len({user["id"] for user in users}) == len(users) > 7
    assert assignees
    assert {user["status"] for user in found} == {"DEPROVISIONED"}
    assert again["profile"] == users[0]["profile"]


async def test_reading_many_endpoints_at_once_meets_no_rate_limit(company: Company, tmp_path: Path) -> None:
    limits = RateLimitOptions(share=0.04, window=timedelta(seconds=2))
    options = TenantOptions(rate_limits=limits, request_log=tmp_path / "requests")
    async with running(company, options) as tenant, OktaClient(tenant.url, LOGIN, concurrency=30) as okta:
        users = await okta.get("/api/v1/users", {"limit": 20})
        paths = [f"/api/v1/users/{user['id']}/{what}" for user in users for what in ("factors", "roles", "groups")]
        paths += [f"/api/v1/users/{user['id']}" for user in users]
        paths += ["/api/v1/zones", "/api/v1/groups", "/api/v1/groups/rules", "/api/v1/apps", "/api/v1/devices"] * 2
        unreadable = 0
        for outcome in await asyncio.gather(*(okta.get(path) for path in paths), return_exceptions=True):
            # The company has someone whose factors cannot be read.
            unreadable += isinstance(outcome, OktaRefused)
            assert isinstance(outcome, list | dict | OktaRefused)
        stats = okta.stats
    seen = statuses(tmp_path / "requests")
    assert seen.count(429) == 0
    assert len(seen) == stats.calls == 1 + len(paths)
    assert unreadable <= 1
    assert any(bucket.waited_seconds > 0 for bucket in stats.buckets)


async def test_a_list_is_read_to_its_end_through_throttling(company: Company, tmp_path: Path) -> None:
    options = TenantOptions(
        faults=FaultOptions(throttle_rate=0.3, seed=5),
        rate_limits=RateLimitOptions(window=timedelta(seconds=1)),
        request_log=tmp_path / "requests",
    )
    async with running(company, options) as tenant, OktaClient(tenant.url, LOGIN) as okta:
        users = [user async for page in okta.pages("/api/v1/users", {"limit": 20}) for user in page.items]
        assert okta.stats.retries == statuses(tmp_path / "requests").count(429) > 0
    assert len({user["id"] for user in users}) == len(users) > 40


@pytest.mark.parametrize(
    ("faults", "error"),
    [(FaultOptions(error_rate=1.0), OktaServerError), (FaultOptions(cut_rate=1.0), OktaUnreachable)],
)
async def test_what_goes_wrong_is_raised_at_once_because_temporal_owns_retries(
    faults: FaultOptions, error: type[Exception], company: Company, tmp_path: Path
) -> None:
    options = TenantOptions(faults=faults, request_log=tmp_path / "requests")
    async with running(company, options) as tenant, OktaClient(tenant.url, LOGIN) as okta:
        with pytest.raises(error):
            await okta.get("/api/v1/users")
    assert len(statuses(tmp_path / "requests")) == 1


async def test_a_service_app_is_let_in(company: Company, tmp_path: Path) -> None:
    key = jwk.RSAKey.generate_key(2048)
    public = tmp_path / "public.pem"
    public.write_bytes(key.as_pem(private=False))
    async with (
        running(company, TenantOptions(public_key_file=public)) as tenant,
        OktaClient(tenant.url, ServiceApp(DEMO_CLIENT_ID, key)) as okta,
    ):
        assert await okta.get("/api/v1/users", {"limit": 1})


async def test_a_wrong_token_names_the_setting(company: Company) -> None:
    async with running(company, TenantOptions()) as tenant, OktaClient(tenant.url, ApiToken(SecretStr("no"))) as okta:
        with pytest.raises(OktaRefused, match=r"E0000011.*HOLDFAST_OKTA__TOKEN"):
            await okta.get("/api/v1/users")
