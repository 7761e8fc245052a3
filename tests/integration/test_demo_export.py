"""The export says what the tenant serves, family by family, read back over HTTP."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import orjson
import pytest

from holdfast.demo import Company, TenantOptions, export, make_company
from holdfast.demo.families import registry
from tests.demo_asker import UNLIMITED, Asker, asking

FAMILIES = {
    "users",
    "groups",
    "group_members",
    "group_rules",
    "apps",
    "app_users",
    "app_groups",
    "factors",
    "devices",
    "device_users",
    "user_roles",
    "group_roles",
    "policies",
    "policy_rules",
    "zones",
}


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, 230, now=datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture(scope="module")
async def ask(company: Company) -> AsyncIterator[Asker]:
    async with asking(company, TenantOptions(rate_limits=UNLIMITED)) as asker:
        yield asker


@pytest.fixture(scope="module")
def files(company: Company, ask: Asker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    directory = tmp_path_factory.mktemp("export")
    counts = export(company, directory, url=ask.url)
    read = {f.stem: [orjson.loads(line) for line in f.read_bytes().splitlines()] for f in directory.iterdir()}
    assert {family: len(lines) for family, lines in read.items()} == counts
    return read


def test_it_has_exactly_the_documented_families(files: dict[str, list[Any]]) -> None:
    assert set(files) == FAMILIES | set(registry.EXPORTED)


def test_every_family_is_told_of_where_the_export_is_told_of() -> None:
    told = re.findall(r"`([a-z_*]+)`", str(sys.modules[export.__module__].__doc__))
    for family in FAMILIES | set(registry.EXPORTED):
        assert any(fnmatchcase(family, name) for name in told), family


async def test_things_are_the_records_served(files: dict[str, list[Any]], ask: Asker) -> None:
    assert files["users"] == await ask.all("/api/v1/users", search="id pr")
    assert files["groups"] == await ask.all("/api/v1/groups")
    assert files["group_rules"] == await ask.all("/api/v1/groups/rules")
    assert files["apps"] == await ask.all("/api/v1/apps")
    assert files["devices"] == await ask.all("/api/v1/devices")
    assert files["zones"] == await ask.all("/api/v1/zones")
    kinds = {policy["type"] for policy in files["policies"]}
    served = [policy for kind in kinds for policy in await ask.all("/api/v1/policies", type=kind)]
    assert sorted(files["policies"], key=_by_id) == sorted(served, key=_by_id)


async def test_members_and_assignments_are_those_served(files: dict[str, list[Any]], ask: Asker) -> None:
    members = [
        {"group_id": group["id"], "user_id": user["id"]}
        for group in files["groups"]
        for user in await ask.all(f"/api/v1/groups/{group['id']}/users")
    ]
    assert files["group_members"] == members
    app_users, app_groups = [], []
    for app in files["apps"]:
        for user in await ask.all(f"/api/v1/apps/{app['id']}/users"):
            app_users.append((app["id"], user["id"], user["scope"], user["credentials"]["userName"]))
        for link in await ask.all(f"/api/v1/apps/{app['id']}/groups"):
            app_groups.append((app["id"], link["id"], link["priority"]))
    lines = files["app_users"]
    assert [(r["app_id"], r["user_id"], r["scope"], r["app_username"]) for r in lines] == app_users
    assert [(r["app_id"], r["group_id"], r["priority"]) for r in files["app_groups"]] == app_groups


async def test_factors_are_those_served_and_a_refusal_is_marked(
    files: dict[str, list[Any]], ask: Asker, company: Company
) -> None:
    served = []
    for user in company.users:
        status, factors, _ = await ask.get(f"/api/v1/users/{user}/factors")
        if status == 403:
            served.append({"user_id": user, "unreadable": True})
        else:
            served += [{"user_id": user, **factor} for factor in factors]
    assert files["factors"] == served
    assert {"user_id": company.cases.unreadable_factors_user, "unreadable": True} in served


async def test_roles_and_rules_and_devices_users_are_those_served(files: dict[str, list[Any]], ask: Asker) -> None:
    _, assignees, _ = await ask.get("/api/v1/iam/assignees/users")
    roles = [
        {"user_id": user["id"], **role}
        for user in assignees["value"]
        for role in (await ask.get(f"/api/v1/users/{user['id']}/roles"))[1]
    ]
    assert files["user_roles"] == roles
    rules = [
        {"policy_id": policy["id"], **rule}
        for policy in files["policies"]
        for rule in (await ask.get(f"/api/v1/policies/{policy['id']}/rules"))[1]
    ]
    assert files["policy_rules"] == rules
    uses = [
        (device["id"], use["user"]["id"])
        for device in await ask.all("/api/v1/devices", expand="user")
        for use in device["_embedded"]["users"]
    ]
    assert [(line["device_id"], line["user_id"]) for line in files["device_users"]] == uses


async def test_the_system_log_is_written_where_it_is_asked_for_and_is_the_one_served(tmp_path: Path) -> None:
    company = make_company(7, 60, now=datetime(2026, 11, 21, tzinfo=UTC))
    async with asking(company, TenantOptions(rate_limits=UNLIMITED)) as ask:
        window = {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
        served = await ask.all("/api/v1/logs", **window, limit="1000")
    counts = export(company, tmp_path, log=True)
    lines = (tmp_path / "log_events.jsonl").read_bytes().splitlines()
    assert [orjson.loads(line) for line in lines] == served
    assert counts["log_events"] == len(served) == 4_800


def _by_id(record: dict[str, Any]) -> str:
    return str(record["id"])
