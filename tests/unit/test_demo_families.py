"""The families beside people, groups and applications: consistent with them, and the same for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdfast.demo import Company, evolve, make_company
from holdfast.demo.families import registry
from holdfast.demo.families.authenticators import enrolments

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
        # Okta lists none that has expired.
        assert datetime.fromisoformat(token["expiresAt"]) > NOW


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


# In company 25 an administrator left before the application was made that she would have allowed something.
@pytest.mark.parametrize("seed", [1, 4, 7, 14, 16, 25])
def test_whoever_made_something_was_there_at_the_time(seed: int) -> None:
    company = make_company(seed, 60, now=NOW)
    for family in ("event_hooks", "trusted_origins", "app_grants", "user_grants", "api_tokens"):
        for row in rows(company, family):
            maker = row.get("createdBy") or row["userId"]
            person = company.users[maker["id"] if isinstance(maker, dict) else maker]
            assert person["created"] <= row["created"], (family, row["id"])
            if person["status"] == "DEPROVISIONED":
                assert row["lastUpdated"] <= person["statusChanged"], (family, row["id"])
            if "app_id" in row:
                assert company.apps[row["app_id"]]["created"] <= row["created"], (family, row["id"])


def test_enrolments_are_the_authenticators_of_the_factors(company: Company) -> None:
    ids = {record["key"]: record for record in rows(company, "authenticators")}
    for user in company.users:
        if user == company.cases.unreadable_factors_user:
            continue
        factors = company.factors(user)
        enrolled = {record["key"]: record for record in enrolments(company, {"user": user}).values()}
        assert enrolled.keys() <= ids.keys()
        has_phone = any(factor["factorType"] in {"sms", "call"} for factor in factors)
        assert ("phone_number" in enrolled) == has_phone
        has_verify = any(factor["factorType"] in {"push", "signed_nonce", "token:software:totp"} for factor in factors)
        assert ("okta_verify" in enrolled) == has_verify
        if factors:
            assert min(e["created"] for e in enrolled.values()) == min(factor["created"] for factor in factors)


def test_targets_of_roles_are_there_and_only_where_roles_are_restricted(company: Company) -> None:
    targets = rows(company, "role_targets")
    roles = {role["id"]: role for user in company.administrators for role in company.roles(user)}
    assert targets
    for target in targets:
        assert target.get("target_group_id", next(iter(company.groups))) in company.groups
        assert target.get("target_app_id", next(iter(company.apps))) in company.apps
        if "user_id" in target:
            assert roles[target["role_assignment_id"]]["type"] in {"USER_ADMIN", "HELP_DESK_ADMIN", "APP_ADMIN"}


def test_owners_of_groups_are_people_and_groups_and_some_have_left(company: Company) -> None:
    owners = rows(company, "group_owners")
    people = {owner["id"] for owner in owners if owner["type"] == "USER"}
    assert people <= set(company.users)
    assert {owner["id"] for owner in owners if owner["type"] == "GROUP"} <= set(company.groups)
    assert any(company.users[owner]["status"] == "DEPROVISIONED" for owner in people)
    sales = next(group for group, record in company.groups.items() if record["profile"]["name"] == "Sales")
    (head,) = [owner["id"] for owner in owners if owner["group_id"] == sales]
    assert company.users[head]["profile"]["title"] == "Head of Sales"


def test_the_members_of_the_resource_set_are_the_people_with_the_custom_role(company: Company) -> None:
    members = rows(company, "resource_set_members")
    held = {
        (role["id"], user) for user, roles in company.user_roles.items() for role in roles if role["type"] == "CUSTOM"
    }
    assert {(m["id"], m["_links"]["self"]["href"].rpartition("/")[2]) for m in members} == held != set()


def test_some_signing_certificates_end_soon_and_one_has_ended(company: Company) -> None:
    left = [datetime.fromisoformat(key["expiresAt"]) - NOW for key in rows(company, "app_signing_keys")]
    assert sum(timedelta(0) < days < timedelta(days=30) for days in left) >= 2
    assert any(days < timedelta(0) for days in left)
    kids = {app["credentials"]["signing"]["kid"] for app in company.apps.values() if app["signOnMode"] == "SAML_2_0"}
    assert {key["kid"] for key in rows(company, "app_signing_keys")} == kids
