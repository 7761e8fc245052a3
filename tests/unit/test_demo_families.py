"""The families beside people, groups and applications: consistent with them, and the same for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdfast.demo import Company, evolve, make_company
from holdfast.demo.families import registry

NOW = datetime(2026, 11, 21, tzinfo=UTC)
URL = "https://kelptide.okta.example"


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, 400, now=NOW)


def rows(company: Company, family: str) -> list[Any]:
    return list(registry.EXPORTED[family](company, URL))


def test_the_same_seed_gives_the_same_families(company: Company) -> None:
    again = make_company(7, 400, now=NOW)
    for family in registry.EXPORTED:
        assert rows(company, family) == rows(again, family), family
    assert rows(company, "api_tokens") != rows(make_company(8, 400, now=NOW), "api_tokens")


def test_a_family_is_made_when_it_is_first_asked_for_and_once(company: Company) -> None:
    made: list[Company] = []
    assert [company.family(made.append), company.family(made.append)] == [None, None]
    assert made == [company]


@pytest.mark.parametrize("size", [50, 400])
def test_every_person_and_application_named_is_there(size: int) -> None:
    company = make_company(3, size, now=NOW)
    clients = {
        app["credentials"]["oauthClient"]["client_id"]
        for app in company.apps.values()
        if app["signOnMode"] == "OPENID_CONNECT"
    }
    people = {"userId", "user_id", "createdBy", "lastUpdatedBy"}
    for family in registry.EXPORTED:
        for row in rows(company, family):
            for field in people & row.keys():
                person = row[field]["id"] if isinstance(row[field], dict) else row[field]
                assert person in company.users, (family, field)
            assert row.get("app_id", next(iter(company.apps))) in company.apps, family
            assert row.get("clientId", next(iter(clients))) in clients, family


def test_a_moved_on_company_still_names_only_what_is_there(company: Company) -> None:
    later = company
    for day in range(3):
        later = evolve(later, at=NOW + timedelta(days=day))
    for family in ("sessions", "refresh_tokens", "user_grants", "yubikeys", "user_risks"):
        assert {row["user_id"] for row in rows(later, family) if "user_id" in row} <= set(later.users)
        assert {row["userId"] for row in rows(later, family) if "userId" in row} <= set(later.users)


def test_nothing_is_dated_after_now(company: Company) -> None:
    # Who signed in "today" did so within the day's first minute.
    latest = (NOW + timedelta(minutes=2)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for family in registry.EXPORTED:
        for row in rows(company, family):
            for field in ("created", "lastUpdated", "createdAt", "lastVerified", "createdDate"):
                assert (row.get(field) or "") <= latest, (family, field)
            assert row.get("created", "") <= (row.get("lastUpdated") or "9"), family


def test_tokens_belong_to_administrators_service_accounts_and_one_who_left(company: Company) -> None:
    tokens = rows(company, "api_tokens")
    owners = {token["userId"] for token in tokens}
    left = {user for user in owners if company.users[user]["status"] == "DEPROVISIONED"}
    assert left == {company.cases.deprovisioned_in_groups[1]}
    for owner in owners - left:
        service = company.users[owner]["profile"]["userType"] == "Service"
        assert service or owner in company.administrators
    assert company.cases.token_owner in owners
    ages = [NOW - datetime.fromisoformat(token["lastUpdated"]) for token in tokens]
    assert any(age > timedelta(days=90) for age in ages)
    assert any(age < timedelta(days=3) for age in ages)
    zones = {zone for token in tokens for side in ("include", "exclude") for zone in token["network"].get(side, ())}
    assert zones
    assert zones <= set(company.zones)


def test_nobody_who_left_uses_a_token_after_leaving(company: Company) -> None:
    for token in rows(company, "api_tokens"):
        owner = company.users[token["userId"]]
        if owner["status"] == "DEPROVISIONED":
            assert token["lastUpdated"] <= owner["statusChanged"]


def test_refresh_tokens_are_of_people_who_can_open_the_application(company: Company) -> None:
    tokens = rows(company, "refresh_tokens")
    assert tokens
    for token in tokens:
        assert token["userId"] in company.app_scopes[token["app_id"]]
        assert token["created"] <= token["lastUpdated"] <= token["expiresAt"]


def test_sessions_are_of_people_who_signed_in_within_a_day(company: Company) -> None:
    sessions = rows(company, "sessions")
    day_ago = (NOW - timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    expected = {
        user
        for user, record in company.users.items()
        if record["status"] == "ACTIVE" and (record["lastLogin"] or "") > day_ago
    }
    assert {session["userId"] for session in sessions} == expected != set()


def test_every_kind_of_factor_that_people_have_is_of_an_active_authenticator(company: Company) -> None:
    methods = {
        row["type"]
        for row in rows(company, "authenticator_methods")
        if row["status"] == "ACTIVE"
        and row["authenticator_id"] in {a["id"] for a in rows(company, "authenticators") if a["status"] == "ACTIVE"}
    }
    renamed = {"call": "voice", "token:software:totp": "totp", "token:hardware": "otp", "question": "security_question"}
    kinds = {factor["factorType"] for user in company.users for factor in company.factors(user)}
    assert {renamed.get(kind, kind) for kind in kinds} <= methods
