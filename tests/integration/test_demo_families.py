"""The families over real HTTP: lists, things by their id, refusals, and the same records as in the export."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import ModuleType

import pytest

from holdfast.demo import Company, TenantOptions, make_company
from holdfast.demo.families import registry
from holdfast.demo.records import Record
from holdfast.demo.resources import Collection
from tests.demo_asker import UNLIMITED, Asker, asking


def collections(module: ModuleType) -> list[Collection]:
    return [value for value in vars(module).values() if isinstance(value, Collection)]


COLLECTIONS = {each.path: each for module in registry.MODULES for each in collections(module)}
SERVED = {route.path for route in registry.ROUTES}


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, 120, now=datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture(scope="module")
async def ask(company: Company) -> AsyncIterator[Asker]:
    async with asking(company, TenantOptions(rate_limits=UNLIMITED)) as asker:
        yield asker


async def read(ask: Asker, family: Collection, path: str) -> list[Record]:
    """Every page of a list, however the family pages; small pages where it does."""
    query = {} if family.sizes is None else {"limit": "2"}
    if family.body_key is None and family.sizes is not None:
        return await ask.all(path, **query)
    found: list[Record] = []
    answer = await ask.get(path, None, **query)
    while True:
        assert answer.status == 200, answer.body
        if family.body_key is None:
            return list(answer.body)
        found += answer.body[family.body_key]
        if "next" not in answer.body["_links"]:
            return found
        answer = await ask.get(answer.body["_links"]["next"]["href"])


@pytest.mark.parametrize("path", COLLECTIONS)
async def test_a_list_is_what_its_family_says_and_each_thing_is_found_by_its_id(
    path: str, company: Company, ask: Asker
) -> None:
    family = COLLECTIONS[path]
    walked = 0
    for ids in family.parents(company):
        records = family.records(company, ids)
        # Two that hold something and a few that hold nothing are as good as all thousand.
        walked += 1 + 10 * bool(records)
        if walked > 25:
            break
        expected = [family.served(name, record, ask.url, ids) for name, record in records.items()]
        here = path.format(**ids)
        if path in SERVED and not family.needs:
            assert await read(ask, family, here) == expected
        if f"{path}/{{id}}" in SERVED:
            for name, record in list(zip(records, expected, strict=True))[:3]:
                assert (await ask.get(f"{here}/{name}"))[:2] == (200, record)
            status, body, _ = await ask.get(f"{here}/nothing-of-that-name")
            assert (status, body["errorCode"]) == (404, "E0000007")


@pytest.mark.parametrize("path", [path for path, family in COLLECTIONS.items() if "{" in path])
async def test_a_list_below_something_unknown_is_not_found(path: str, ask: Asker) -> None:
    address = path
    for part in path.split("/"):
        if part.startswith("{"):
            address = address.replace(part, "nothing-of-that-name")
    status, body, _ = await ask.get(address if path in SERVED else f"{address}/x")
    assert (status, body["errorCode"]) == (404, "E0000007")


async def test_a_list_that_takes_a_filter_refuses_to_go_without(ask: Asker) -> None:
    status, body, _ = await ask.get("/api/v1/principal-rate-limits")
    assert (status, body["errorCode"]) == (400, "E0000028")
    answer = await ask.get("/api/v1/principal-rate-limits", None, filter='principalType eq "SSWS_TOKEN"')
    assert {limit["principalType"] for limit in answer.body} == {"SSWS_TOKEN"}


async def test_lists_are_narrowed_by_name_status_and_type(ask: Asker) -> None:
    origins = await ask.all("/api/v1/trustedOrigins", filter='status eq "INACTIVE"')
    assert {origin["name"] for origin in origins} == {"Campaign 2023", "Wiki"}
    assert [origin["name"] for origin in await ask.all("/api/v1/trustedOrigins", q="port")] == ["Portal"]
    hooks = (await ask.get("/api/v1/inlineHooks", None, type="com.okta.import.transform")).body
    assert [hook["name"] for hook in hooks] == ["Import checks"]


async def test_the_person_whose_factors_are_refused_is_refused_everywhere(ask: Asker, company: Company) -> None:
    user = company.cases.unreadable_factors_user
    status, body, _ = await ask.get(f"/api/v1/users/{user}/factors/catalog")
    assert (status, body["errorCode"]) == (403, "E0000006")
    yubikeys = await ask.all("/api/v1/org/factors/yubikey_token/tokens")
    assert len(yubikeys) == len(list(registry.EXPORTED["yubikeys"](company, ask.url)))
