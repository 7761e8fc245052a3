"""Whole syncs of the demo tenant on a real Temporal server: what the tenant exports is what the tables hold."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError

from holdfast.demo.company import Company, make_company
from holdfast.demo.export import export
from holdfast.demo.options import FaultOptions
from holdfast.errors import NoSnapshot
from holdfast.sync.pages import FamilyPages
from holdfast.sync_contracts import SyncReport, SyncRequest
from tests.integration.sync_stack import Stack, sync_stack
from workflows.sync import SyncWorkflow

Export = dict[str, list[dict[str, Any]]]
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="session")
def company() -> Company:
    return make_company(7, 200, now=NOW)


def exported(company: Company, folder: Path) -> Export:
    export(company, folder)
    return {
        file.stem: [orjson.loads(line) for line in file.read_bytes().splitlines()] for file in folder.glob("*.jsonl")
    }


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None


def tail(record: dict[str, Any], link: str) -> str | None:
    found = record["_links"].get(link)
    return found["href"].rsplit("/", 1)[-1] if found else None


def expected_edges(raw: Export) -> dict[str, list[tuple[Any, ...]]]:
    """Every relation by plain reading of the export."""
    users = {u["id"]: u for u in raw["users"]}
    by_login = {u["profile"]["login"].lower(): i for i, u in users.items()}
    numbers = Counter(u["profile"].get("employeeNumber") for u in users.values())
    by_number = {
        n: i for i, u in users.items() if (n := u["profile"].get("employeeNumber")) is not None and numbers[n] == 1
    }

    def manager(value: str) -> str | None:
        return value if value in users else by_login.get(value.lower()) or by_number.get(value)

    def people(records: list[dict[str, Any]], kind: str) -> list[tuple[Any, ...]]:
        return [
            (r["id"], thing, mode.upper())
            for r in records
            for mode in ("include", "exclude")
            for thing in (((r.get("conditions") or {}).get("people") or {}).get(kind) or {}).get(mode) or ()
        ]

    def zones(records: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [
            (r["id"], zone, mode.upper())
            for r in records
            for mode in ("include", "exclude")
            for zone in ((r.get("conditions") or {}).get("network") or {}).get(mode) or ()
        ]

    return {
        "MEMBER_OF.User.Group": [(r["user_id"], r["group_id"]) for r in raw["group_members"]],
        "HAS_ACCESS.User.Application": [
            (r["user_id"], r["app_id"], r["scope"], r["status"], r["app_username"], moment(r["created"]))
            for r in raw["app_users"]
        ],
        "GROUP_HAS_ACCESS.Group.Application": [
            (r["group_id"], r["app_id"], r["priority"], moment(r["last_updated"])) for r in raw["app_groups"]
        ],
        "ENROLLED.User.Factor": [(r["user_id"], r["id"]) for r in raw["factors"] if "id" in r],
        "OWNS.User.Device": [
            (r["user_id"], r["device_id"], r["management_status"], moment(r["created"])) for r in raw["device_users"]
        ],
        "HAS_ROLE.User.Role": [
            (r["user_id"], r.get("role") or r["type"], r["id"], r["status"], moment(r["created"]))
            for r in raw["user_roles"]
            if r["assignmentType"] == "USER"
        ],
        "HAS_ROLE.Group.Role": [
            (r["group_id"], r.get("role") or r["type"], r["id"], r["status"], moment(r["created"]))
            for r in raw["group_roles"]
        ],
        "REPORTS_TO.User.User": [
            (i, boss)
            for i, u in users.items()
            if (value := u["profile"].get("managerId")) and (boss := manager(value)) is not None
        ],
        "POPULATES.GroupRule.Group": [
            (r["id"], group) for r in raw["group_rules"] for group in r["actions"]["assignUserToGroups"]["groupIds"]
        ],
        "GOVERNED_BY.Application.Policy": [
            (a["id"], policy) for a in raw["apps"] if (policy := tail(a, "accessPolicy")) is not None
        ],
        "CONTAINS_RULE.Policy.PolicyRule": [(r["policy_id"], r["id"]) for r in raw["policy_rules"]],
        "APPLIES_TO_GROUP.Policy.Group": people(raw["policies"], "groups"),
        "APPLIES_TO_GROUP.PolicyRule.Group": people(raw["policy_rules"], "groups"),
        "APPLIES_TO_USER.PolicyRule.User": people(raw["policy_rules"], "users"),
        "APPLIES_TO_ZONE.PolicyRule.NetworkZone": zones(raw["policy_rules"]),
    }


def expected_nodes(raw: Export) -> dict[str, list[tuple[Any, ...]]]:
    """For each label some telling columns, named in `NODE_COLUMNS`."""

    def custom(user: dict[str, Any], name: str) -> Any:
        return user["profile"].get(name)

    held = [*raw["user_roles"], *raw["group_roles"]]
    return {
        "User": [
            (
                u["id"],
                u["profile"]["login"],
                u["status"],
                u["profile"].get("department"),
                u["profile"].get("managerId"),
                moment(u["lastLogin"]),
                custom(u, "badgeNumber"),
                custom(u, "isPrivileged"),
                custom(u, "certifications"),
            )
            for u in raw["users"]
        ],
        "Group": [
            (g["id"], g["profile"]["name"], g["type"], moment(g["lastMembershipUpdated"])) for g in raw["groups"]
        ],
        "GroupRule": [(r["id"], r["name"], r["conditions"]["expression"]["value"]) for r in raw["group_rules"]],
        "Application": [(a["id"], a["label"], a["status"], a["signOnMode"]) for a in raw["apps"]],
        "Factor": [
            (f["id"], f["factorType"], f["provider"], (f.get("profile") or {}).get("phoneNumber"))
            for f in raw["factors"]
            if "id" in f
        ],
        "Device": [
            (d["id"], d["profile"]["displayName"], d["profile"]["platform"], d["status"]) for d in raw["devices"]
        ],
        "Role": sorted({(r.get("role") or r["type"], r["label"], r["type"]) for r in held}),
        "Policy": [(p["id"], p["name"], p["type"], p["priority"]) for p in raw["policies"]],
        "PolicyRule": [(r["id"], r["name"], r["status"], r["priority"]) for r in raw["policy_rules"]],
        "NetworkZone": [
            (z["id"], z["name"], z["type"], [a["value"] for a in z.get("gateways") or ()]) for z in raw["zones"]
        ],
    }


NODE_COLUMNS = {
    "User": "id login status department manager_id last_login badge_number is_privileged certifications",
    "Group": "id name type last_membership_updated",
    "GroupRule": "id name expression",
    "Application": "id label status sign_on_mode",
    "Factor": "id factor_type provider phone_number",
    "Device": "id name platform status",
    "Role": "id label type",
    "Policy": "id name type priority",
    "PolicyRule": "id name status priority",
    "NetworkZone": "id name type gateways",
}


def assert_equals_export(stack: Stack, report: SyncReport, raw: Export) -> None:
    for table, edges in expected_edges(raw).items():
        found = [tuple(row.values()) for row in stack.table(report, table)]
        assert sorted(found, key=repr) == sorted(edges, key=repr), table
    for label, nodes in expected_nodes(raw).items():
        columns = NODE_COLUMNS[label].split()
        rows = [tuple(row[column] for column in columns) for row in stack.table(report, label)]
        assert sorted(rows, key=repr) == sorted(nodes, key=repr), label


async def test_every_table_of_a_full_sync_equals_what_the_tenant_exports(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    async with sync_stack(temporal_client, tmp_path, company) as stack:
        report = await stack.sync()
        raw = exported(stack.tenant.company, tmp_path / "export")
    assert_equals_export(stack, report, raw)
    assert report.dropped == {}
    assert stack.snapshots.current().manifest.snapshot_id == report.snapshot_id
    assert [entry.success for entry in stack.history()] == [True]
    assert {family.family: family.rows for family in report.families}["group_members"] == len(raw["group_members"])


async def test_people_whose_factors_may_not_be_read_are_unknown_and_not_without_factors(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    async with sync_stack(temporal_client, tmp_path, company) as stack:
        report = await stack.sync()
    secret = company.cases.unreadable_factors_user
    known = {row["id"]: row["factors_known"] for row in stack.table(report, "User")}
    assert [user for user, flag in known.items() if not flag] == [secret]
    (unknown,) = stack.snapshots.current().manifest.unknown
    assert (unknown.relation, unknown.subject_id) == ("ENROLLED", secret)
    assert unknown.reason.startswith("403 E0000006")
    (sentence,) = report.unknown
    assert company.users[secret]["profile"]["login"] in sentence


async def test_a_family_that_the_tenant_refuses_leaves_everything_of_it_unknown(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    faults = FaultOptions(forbidden=("/api/v1/groups/*/users", "/api/v1/devices", "/api/v1/iam/assignees/users"))
    async with sync_stack(temporal_client, tmp_path, company, faults) as stack:
        report = await stack.sync()
    assert not any(row["members_known"] for row in stack.table(report, "Group"))
    assert not any(row["roles_known"] for row in stack.table(report, "User"))
    manifest = stack.snapshots.current().manifest
    whole = {(read.family, read.label, read.relation) for read in manifest.unknown if read.subject_id is None}
    assert whole == {
        ("group_members", "Group", "MEMBER_OF"),
        ("devices", "Device", None),
        ("user_roles", "User", "HAS_ROLE"),
    }
    assert any("All group members are unknown" in sentence for sentence in report.unknown)


async def test_a_tenant_that_hides_its_people_fails_the_sync_and_says_so(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    async with sync_stack(temporal_client, tmp_path, company, FaultOptions(forbidden=("/api/v1/users",))) as stack:
        with pytest.raises(WorkflowFailureError):
            await stack.sync()
    with pytest.raises(NoSnapshot):
        stack.snapshots.current()
    (entry,) = stack.history()
    assert not entry.success
    assert "403" in (entry.error or "")


async def test_a_wrong_token_fails_at_once_names_the_setting_and_leaves_the_published_snapshot(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    async with sync_stack(temporal_client, tmp_path, company) as stack:
        before = await stack.sync()
    async with sync_stack(temporal_client, tmp_path, company, token="mistyped") as stack:
        with pytest.raises(WorkflowFailureError) as caught:
            await stack.sync()
    outer = caught.value.cause
    assert isinstance(outer, ApplicationError)
    assert outer.type == "SyncFailed"
    assert "HOLDFAST_OKTA__TOKEN" in outer.message
    assert isinstance(outer.cause, ActivityError)
    assert isinstance(outer.cause.cause, ApplicationError)
    assert outer.cause.cause.type == "OktaRefused"
    assert stack.snapshots.current().manifest.snapshot_id == before.snapshot_id
    assert [entry.success for entry in stack.history()] == [True, False]


async def test_broken_answers_and_server_errors_are_read_again_until_all_is_there(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    faults = FaultOptions(seed=3, error_rate=0.02, cut_rate=0.02)
    async with sync_stack(temporal_client, tmp_path, company, faults) as stack:
        report = await stack.sync()
    assert_equals_export(stack, report, exported(company, tmp_path / "export"))


async def test_lists_that_change_while_they_are_read_end_up_whole_and_without_doubles(
    temporal_client: Client, tmp_path: Path
) -> None:
    # People, devices and administrators of this many take more than one page.
    company = make_company(7, 450, now=NOW)
    async with sync_stack(temporal_client, tmp_path, company, FaultOptions(shifting_pages=1)) as stack:
        report = await stack.sync()
    assert_equals_export(stack, report, exported(company, tmp_path / "export"))


async def test_after_the_tenant_moved_on_an_incremental_sync_equals_a_full_one_and_says_what_is_older(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    async with sync_stack(temporal_client, tmp_path, company) as stack:
        await stack.sync()
        stack.tenant.evolve(count=2, at=NOW)
        asked_before = len(stack.requested())
        incremental = await stack.sync("incremental")
        asked = stack.requested()[asked_before:]
        full = await stack.sync()
        raw = exported(stack.tenant.company, tmp_path / "export")
    assert stack.tables(incremental) == stack.tables(full)
    assert_equals_export(stack, incremental, raw)
    assert (incremental.mode, incremental.notes) == ("incremental", ())
    assert 0 < len([path for path in asked if path.endswith("/factors")]) < 40
    manifest = stack.snapshots.get(incremental.snapshot_id).manifest
    first, *_ = stack.history()
    assert manifest.carried_over == {"factors": first.started}
    assert stack.snapshots.get(full.snapshot_id).manifest.carried_over == {}


async def test_an_incremental_sync_without_a_base_reads_everything_and_says_so(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    async with sync_stack(temporal_client, tmp_path, company) as stack:
        report = await stack.sync("incremental")
    assert report.mode == "full"
    assert any("no earlier sync of this tenant" in note for note in report.notes)


async def test_rows_and_snapshots_of_the_last_syncs_are_kept_and_pages_of_none(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    async with sync_stack(temporal_client, tmp_path, company, keep=1) as stack:
        reports = [await stack.sync() for _ in range(2)]
    kept = [report.sync_id for report in reports[1:]]
    assert sorted(path.name for path in (tmp_path / "sync").iterdir() if path.is_dir()) == sorted(kept)
    assert sorted(path.name for path in (tmp_path / "graph").glob("snap-*")) == sorted(f"snap-{i}" for i in kept)
    assert not list((tmp_path / "sync").rglob("pages"))
    assert len(stack.history()) == 2


async def test_a_worker_that_ends_in_the_middle_leaves_its_pages_to_the_next_one(
    temporal_client: Client, tmp_path: Path, company: Company
) -> None:
    slow = FaultOptions(latency=timedelta(milliseconds=40))
    async with sync_stack(temporal_client, tmp_path, company, slow) as stack:
        request, name = SyncRequest(sync_id="s-1"), f"sync-{uuid4()}"
        async with stack.worker(f"{stack.queue}-own") as queue:
            handle = await temporal_client.start_workflow(SyncWorkflow.run, request, id=name, task_queue=queue)
            while len(stack.requested()) < 150:
                await asyncio.sleep(0.01)
        stored = FamilyPages(tmp_path / "sync" / "s-1" / "pages" / "factors").listing().settled
        asked_before = len(stack.requested())
        async with stack.worker(f"{stack.queue}-own"):
            report = await handle.result()
        asked = [path for path in stack.requested()[asked_before:] if path.endswith("/factors")]
        raw = exported(stack.tenant.company, tmp_path / "export")
    assert_equals_export(stack, report, raw)
    assert stored
    assert not stored & {path.split("/")[4] for path in asked}
