"""A company that moves on: dated changes of every kind, the same every time, and nothing half done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from holdfast.demo import Company, evolve, make_company

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LATER = NOW + timedelta(hours=9)
SINCE = "2026-11-21T09:00:00.000Z"


@pytest.fixture(scope="module", params=[50, 600])
def before(request: pytest.FixtureRequest) -> Company:
    return make_company(11, request.param, now=NOW)


@pytest.fixture(scope="module")
def after(before: Company) -> Company:
    return evolve(before, at=LATER)


def test_a_step_is_the_same_every_time(before: Company, after: Company) -> None:
    again = evolve(before, at=LATER)
    assert orjson.dumps(list(again.users.values())) == orjson.dumps(list(after.users.values()))
    assert again.members == after.members


def test_the_company_before_the_step_stays_as_it_was(before: Company, after: Company) -> None:
    fresh = make_company(11, len(before.users), now=NOW)
    assert before.users == fresh.users
    assert before.members == fresh.members
    assert after.generation == before.generation + 1


def test_people_join_change_leave_and_are_deleted(before: Company, after: Company) -> None:
    assert set(after.users) - set(before.users)
    stayed = set(before.users) & set(after.users)
    changed = [user for user in stayed if before.users[user] != after.users[user]]
    left = [u for u in changed if (before.users[u]["status"], after.users[u]["status"]) == ("ACTIVE", "DEPROVISIONED")]
    moved = [
        u
        for u in changed
        if before.users[u]["profile"].get("department") != after.users[u]["profile"].get("department")
    ]
    assert left
    assert moved
    gone = set(before.users) - set(after.users)
    assert all(before.users[user]["status"] == "DEPROVISIONED" for user in gone)
    if len(before.users) > 50:
        assert gone


def test_whatever_changed_says_when(before: Company, after: Company) -> None:
    for user, record in after.users.items():
        changed = before.users.get(user) != record
        assert (record["lastUpdated"] == SINCE) == changed
    for group, record in after.groups.items():
        changed = before.members.get(group) != after.members[group]
        if changed:
            assert record["lastMembershipUpdated"] == SINCE


def test_nobody_who_is_gone_is_left_in_any_relation(before: Company, after: Company) -> None:
    gone = set(before.users) - set(after.users)
    assert all(gone.isdisjoint(users) for users in after.members.values())
    assert all(gone.isdisjoint(users) for users in after.direct.values())
    assert all(use.user_id not in gone for uses in after.device_uses.values() for use in uses)


def test_who_leaves_loses_applications_and_everyone(before: Company, after: Company) -> None:
    everyone = next(g for g, group in after.groups.items() if group["type"] == "BUILT_IN")
    here = {user for user, record in after.users.items() if record["status"] != "DEPROVISIONED"}
    assert set(after.members[everyone]) == here
    assert all(set(scopes) <= here for scopes in after.app_scopes.values())


def test_who_leaves_is_assigned_nothing_and_uses_no_device(before: Company, after: Company) -> None:
    left = {
        user
        for user, record in after.users.items()
        if record["status"] == "DEPROVISIONED" and before.users[user]["status"] != "DEPROVISIONED"
    }
    assert all(left.isdisjoint(users) for users in after.direct.values())
    assert all(use.user_id not in left for uses in after.device_uses.values() for use in uses)


def test_scripted_people_never_change(before: Company, after: Company) -> None:
    cases = before.cases
    for user in (*cases.same_name, *cases.left_managers, cases.direct_and_two_groups_user, cases.hostile_nickname):
        assert before.users[user] == after.users[user]
        assert before.groups_of.get(user) == after.groups_of.get(user)


def test_many_steps_in_a_row_keep_the_company_whole(before: Company) -> None:
    company = before
    for step in range(5):
        company = evolve(company, at=LATER + timedelta(hours=step))
    assert list(company.users) == sorted(company.users)
    assert all(user in company.users for users in company.members.values() for user in users)
    assert all(company.factors(user) is not None for user in company.users)
