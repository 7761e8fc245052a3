"""The demo tenant over real HTTP: what it answers, what it refuses, and what it does when told to misbehave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import orjson
import pytest

from holdfast.demo import Company, FaultOptions, RateLimitOptions, TenantOptions, make_company, running
from holdfast.errors import SettingsError
from tests.demo_asker import TOKEN, UNLIMITED, Asker, asking

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, 230, now=NOW)


@pytest.fixture(scope="module")
async def ask(company: Company) -> AsyncIterator[Asker]:
    async with asking(company, TenantOptions(rate_limits=UNLIMITED)) as asker:
        yield asker


async def test_a_plain_list_leaves_out_who_left_and_search_does_not(ask: Asker, company: Company) -> None:
    left = {user for user, record in company.users.items() if record["status"] == "DEPROVISIONED"}
    plain = {user["id"] for user in await ask.all("/api/v1/users")}
    assert plain == set(company.users) - left
    found = await ask.all("/api/v1/users", search='status eq "DEPROVISIONED"')
    filtered = await ask.all("/api/v1/users", filter='status eq "DEPROVISIONED"')
    assert {user["id"] for user in found} == {user["id"] for user in filtered} == left
    assert await ask.all("/api/v1/users", q="gareth") == []


async def test_changed_since_finds_exactly_what_changed(ask: Asker, company: Company) -> None:
    since = sorted(user["lastUpdated"] for user in company.users.values())[100]
    found = await ask.all("/api/v1/users", search=f'lastUpdated gt "{since}"', limit="20")
    assert [user["id"] for user in found] == [u for u, r in company.users.items() if r["lastUpdated"] > since]
    groups = await ask.all("/api/v1/groups", filter=f'lastMembershipUpdated ge "{since}"')
    expected = [g for g, record in company.groups.items() if record["lastMembershipUpdated"] >= since]
    assert [group["id"] for group in groups] == expected


async def test_a_sorted_search_pages_in_its_order(ask: Asker, company: Company) -> None:
    found = await ask.all(
        "/api/v1/users", search='status eq "ACTIVE"', sortBy="profile.lastName", sortOrder="desc", limit="30"
    )
    names = [user["profile"]["lastName"].casefold() for user in found]
    assert names == sorted(names, reverse=True)
    assert len(names) == sum(user["status"] == "ACTIVE" for user in company.users.values())


async def test_pages_have_oktas_sizes(ask: Asker) -> None:
    sizes = {
        "/api/v1/users": (200, 200),
        "/api/v1/apps": (20, 200),
        "/api/v1/devices": (200, 200),
        "/api/v1/groups/rules": (50, 200),
    }
    for path, (usual, most) in sizes.items():
        _, body, _ = await ask.get(path)
        assert len(body) <= usual
        assert (await ask.get(path, limit=str(most)))[0] == 200
        status, error, _ = await ask.get(path, limit=str(most + 1))
        assert (status, error["errorCode"]) == (400, "E0000001")


async def test_a_person_is_found_by_id_login_short_login_and_me(ask: Asker, company: Company) -> None:
    user = company.cases.direct_and_two_groups_user
    login = company.users[user]["profile"]["login"]
    for name in (user, login, login.upper(), login.partition("@")[0]):
        assert (await ask.get(f"/api/v1/users/{name}"))[1]["id"] == user
    assert (await ask.get("/api/v1/users/me"))[1]["id"] == company.cases.token_owner


async def test_member_counts_come_with_stats(ask: Asker, company: Company) -> None:
    for group in await ask.all("/api/v1/groups", expand="stats"):
        assert group["_embedded"]["stats"]["usersCount"] == len(company.members[group["id"]])


async def test_administrators_page_through_the_body(ask: Asker, company: Company) -> None:
    read: list[str] = []
    path = "/api/v1/iam/assignees/users?limit=2"
    while path:
        _, body, headers = await ask.get(path)
        assert "Link" not in headers
        read += [user["id"] for user in body["value"]]
        path = body.get("_links", {}).get("next", {}).get("href", "")
    assert read == list(company.administrators)


async def test_a_dashboard_shows_what_a_person_can_open(ask: Asker, company: Company) -> None:
    user = company.cases.direct_and_two_groups_user
    _, links, _ = await ask.get(f"/api/v1/users/{user}/appLinks")
    expected = {a for a, users in company.app_scopes.items() if user in users}
    active = {app for app in expected if company.apps[app]["status"] == "ACTIVE"}
    assert {link["appInstanceId"] for link in links} == active


async def test_applications_can_be_filtered_by_status_person_and_group(ask: Asker, company: Company) -> None:
    user, group = company.cases.direct_and_two_groups_user, company.cases.direct_and_two_groups_groups[0]
    for expression, expected in (
        ('status eq "INACTIVE"', {a for a, r in company.apps.items() if r["status"] == "INACTIVE"}),
        (f'user.id eq "{user}"', {a for a, users in company.app_scopes.items() if user in users}),
        (f'group.id eq "{group}"', set(company.apps_of_group[group])),
    ):
        assert {app["id"] for app in await ask.all("/api/v1/apps", filter=expression)} == expected


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/policies", 400, "E0000028"),
        ("/api/v1/policies?type=NONSENSE", 400, "E0000001"),
        ("/api/v1/users?search=nonsense", 400, "E0000031"),
        ("/api/v1/users?search=id pr&filter=id pr", 400, "E0000033"),
        ("/api/v1/users?after=../x", 400, "E0000001"),
        ("/api/v1/users/nobody", 404, "E0000007"),
        ("/api/v1/groups/nothing", 404, "E0000007"),
        ("/api/v1/groups/rules/nothing", 404, "E0000007"),
        ("/api/v1/apps/nothing/users", 404, "E0000007"),
        ("/api/v1/devices/nothing", 404, "E0000007"),
        ("/api/v1/policies/nothing/rules", 404, "E0000007"),
        ("/api/v1/zones/nothing", 404, "E0000007"),
        ("/api/v1/unheard-of", 404, "E0000008"),
        ("/api/v1/realms", 401, "E0000015"),
    ],
)
async def test_bad_requests_get_oktas_error(ask: Asker, path: str, status: int, code: str) -> None:
    answered, body, _ = await ask.get(path)
    assert (answered, body["errorCode"]) == (status, code)
    assert set(body) == {"errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"}


async def test_nothing_can_be_written(ask: Asker) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        async with ask.session.request(method, f"{ask.url}/api/v1/users/me", headers=TOKEN) as response:
            assert response.status == 405
            assert (await response.json())["errorCode"] == "E0000022"


async def test_one_persons_factors_are_always_refused(ask: Asker, company: Company) -> None:
    for _ in range(3):
        status, body, _ = await ask.get(f"/api/v1/users/{company.cases.unreadable_factors_user}/factors")
        assert (status, body["errorCode"]) == (403, "E0000006")


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        ({}, 403, "E0000005"),
        ({"Authorization": "SSWS wrong"}, 401, "E0000011"),
        ({"Authorization": "Bearer wrong"}, 401, None),
        ({"Authorization": "Basic ZGVtbzp0b2tlbg=="}, 401, None),
        ({"Authorization": "SSWSdemo-token"}, 200, None),
    ],
)
async def test_only_the_token_opens_the_door(
    ask: Asker, authorization: dict[str, str], status: int, code: str | None
) -> None:
    answered, body, _ = await ask.get("/api/v1/org", headers=authorization)
    assert answered == status
    assert code is None or body["errorCode"] == code


async def test_a_spent_bucket_answers_429_until_its_window_ends(company: Company) -> None:
    limits = RateLimitOptions(share=0.03, window=timedelta(seconds=1))
    async with asking(company, TenantOptions(rate_limits=limits)) as ask:
        answers = [await ask.get("/api/v1/apps?limit=1") for _ in range(4)]
        assert [status for status, *_ in answers] == [200, 200, 200, 429]
        _, body, headers = answers[-1]
        assert body["errorCode"] == "E0000047"
        assert "Retry-After" not in headers
        assert (headers["X-Rate-Limit-Limit"], headers["X-Rate-Limit-Remaining"]) == ("3", "0")
        assert "Date" in headers
        await asyncio.sleep(max(0.0, int(headers["X-Rate-Limit-Reset"]) - time.time()))
        assert (await ask.get("/api/v1/apps?limit=1"))[0] == 200


async def test_too_many_requests_at_once_are_refused_with_two_zeros(company: Company) -> None:
    faults = FaultOptions(latency=timedelta(milliseconds=300))
    async with asking(company, TenantOptions(faults=faults)) as ask:
        answers = await asyncio.gather(*[ask.get("/api/v1/org") for _ in range(90)])
    refused = [headers for status, _, headers in answers if status == 429]
    assert refused
    assert {(h["X-Rate-Limit-Limit"], h["X-Rate-Limit-Remaining"]) for h in refused} == {("0", "0")}


async def test_faults_come_at_the_same_requests_for_the_same_seed(company: Company) -> None:
    faults = FaultOptions(seed=5, error_rate=0.3, throttle_rate=0.2)
    runs = []
    for _ in range(2):
        async with asking(company, TenantOptions(faults=faults)) as ask:
            runs.append([(await ask.get("/api/v1/org"))[0] for _ in range(40)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 429, 500}


async def test_a_429_on_purpose_asks_for_a_short_wait_only(company: Company) -> None:
    async with asking(company, TenantOptions(faults=FaultOptions(throttle_rate=1))) as ask:
        status, _, headers = await ask.get("/api/v1/org")
    assert (status, headers["X-Rate-Limit-Limit"], headers["X-Rate-Limit-Remaining"]) == (429, "0", "0")
    assert int(headers["X-Rate-Limit-Reset"]) <= time.time() + 2


async def test_a_cut_answer_breaks_in_the_middle_and_is_logged_as_cut(company: Company, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    async with asking(company, TenantOptions(faults=FaultOptions(cut_rate=1), request_log=log)) as ask:
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask.get("/api/v1/users")
    assert [line["cut"] for line in map(orjson.loads, log.read_bytes().splitlines())] == [True]


async def test_forbidden_paths_are_refused_and_no_others(company: Company) -> None:
    async with asking(company, TenantOptions(faults=FaultOptions(forbidden=("/api/v1/groups/*/roles",)))) as ask:
        _, groups, _ = await ask.get("/api/v1/groups?limit=1")
        assert (await ask.get(f"/api/v1/groups/{groups[0]['id']}/roles"))[0] == 403
        assert (await ask.get(f"/api/v1/groups/{groups[0]['id']}/users"))[0] == 200


async def test_every_request_is_on_disk_before_its_answer_arrives(company: Company, tmp_path: Path) -> None:
    log = tmp_path / "deep" / "requests.jsonl"
    async with asking(company, TenantOptions(request_log=log)) as ask:
        for number, path in enumerate(["/api/v1/users?limit=2", "/api/v1/users/nobody", "/api/v1/org"]):
            status, _, _ = await ask.get(path)
            lines = [orjson.loads(line) for line in log.read_bytes().splitlines()]
            assert len(lines) == number + 1
            assert (lines[-1]["method"], lines[-1]["path"], lines[-1]["status"]) == ("GET", path, status)


async def test_a_tenant_moves_on_when_asked(company: Company) -> None:
    async with asking(company, TenantOptions(rate_limits=UNLIMITED)) as ask:
        start = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        async with ask.session.post(f"{ask.url}/_demo/changes?count=2") as response:
            assert (await response.json())["generation"] == 2
        changed = await ask.all("/api/v1/users", search=f'lastUpdated ge "{start}"')
        assert changed
        assert {user["id"] for user in changed} - set(company.users)


async def test_a_taken_port_is_one_clear_sentence(company: Company) -> None:
    async with running(company, TenantOptions()) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}, another program uses it: choose another --port"):
            async with running(company, TenantOptions(port=port)):
                pass
