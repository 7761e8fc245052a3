"""The demo company: the same every time, consistent with itself, and with every awkward case in it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from holdfast.demo import MIN_USERS, Company, make_company
from holdfast.demo.cast import HOSTILE_DESCRIPTION, HOSTILE_LABEL, HOSTILE_NICKNAME
from holdfast.errors import SettingsError

NOW = datetime(2026, 11, 21, tzinfo=UTC)
STATUSES = {
    "STAGED",
    "PROVISIONED",
    "ACTIVE",
    "RECOVERY",
    "PASSWORD_EXPIRED",
    "LOCKED_OUT",
    "SUSPENDED",
    "DEPROVISIONED",
}


@pytest.fixture(scope="module", params=[(7, MIN_USERS), (7, 300), (41, 1_000)], ids=lambda p: f"seed{p[0]}-{p[1]}")
def company(request: pytest.FixtureRequest) -> Company:
    seed, users = request.param
    return make_company(seed, users, now=NOW)


def everything(company: Company) -> bytes:
    parts: list[Any] = [
        list(company.users.values()),
        list(company.groups.values()),
        {group: list(users) for group, users in company.members.items()},
        list(company.apps.values()),
        {app: sorted(users) for app, users in company.direct.items()},
        list(company.devices.values()),
        {device: [(u.user_id, u.screen_lock) for u in uses] for device, uses in company.device_uses.items()},
        list(company.policies.values()),
        list(company.zones.values()),
        [company.factors(user) for user in company.users],
        [company.roles(user) for user in company.administrators],
    ]
    return orjson.dumps(parts)


def test_the_same_seed_size_and_day_make_the_same_company() -> None:
    assert everything(make_company(3, 80, now=NOW)) == everything(make_company(3, 80, now=NOW))


def test_another_seed_makes_another_company() -> None:
    assert set(make_company(3, 60, now=NOW).users).isdisjoint(make_company(4, 60, now=NOW).users)


def test_without_a_moment_the_company_lives_at_the_start_of_the_current_day() -> None:
    before = datetime.now(UTC)
    now = make_company(3, 60).now
    assert (now.hour, now.minute, now.second) == (0, 0, 0)
    assert before - timedelta(days=1) < now <= datetime.now(UTC)


@pytest.mark.parametrize("users", [0, MIN_USERS - 1, 1_000_001])
def test_a_size_that_cannot_be_is_refused_with_what_can(users: int) -> None:
    with pytest.raises(SettingsError, match="choose between 50"):
        make_company(1, users)


def test_it_has_as_many_people_as_were_asked_for(company: Company) -> None:
    assert len(company.users) in {MIN_USERS, 300, 1_000}
    assert list(company.users) == sorted(company.users)


def test_ids_are_twenty_characters_with_oktas_prefixes(company: Company) -> None:
    kinds = {
        "00u": company.users,
        "00g": company.groups,
        "0oa": company.apps,
        "0pr": company.group_rules,
        "guo": company.devices,
        "nzo": company.zones,
    }
    for prefix, records in kinds.items():
        assert all(i.startswith(prefix) and len(i) == 20 and i.isalnum() for i in records)
    assert {policy[:3] for policy in company.policies} == {"00p", "rst"}


def test_every_status_occurs(company: Company) -> None:
    assert {user["status"] for user in company.users.values()} == STATUSES


def test_types_departments_and_titles_fit_each_other(company: Company) -> None:
    types = Counter(user["profile"]["userType"] for user in company.users.values())
    assert {"Employee", "Contractor", "Service", "Intern"} <= set(types)
    for user in company.users.values():
        profile = user["profile"]
        assert ("department" in profile) == (profile["userType"] != "Service")


def test_no_moment_lies_ahead_of_the_first_minute_of_the_day(company: Company) -> None:
    for user in company.users.values():
        for field in ("created", "activated", "statusChanged", "lastLogin", "lastUpdated", "passwordChanged"):
            if user[field]:
                assert datetime.fromisoformat(user[field]) <= NOW + timedelta(minutes=1), (field, user)
        assert user["lastLogin"] is None or user["lastLogin"] >= user["activated"]


def test_last_sign_ins_cover_today_the_usual_windows_and_never(company: Company) -> None:
    seen = set()
    for user in company.users.values():
        if user["lastLogin"] is None:
            seen.add("never")
            continue
        age = NOW - datetime.fromisoformat(user["lastLogin"])
        for name, days in (("today", 0), ("week", 7), ("month", 30), ("quarter", 90), ("older", 10_000)):
            if age <= timedelta(days=days):
                seen.add(name)
                break
    assert seen == {"never", "today", "week", "month", "quarter", "older"}


def test_everyone_holds_all_but_those_who_left(company: Company) -> None:
    everyone = next(g for g, group in company.groups.items() if group["type"] == "BUILT_IN")
    here = {user for user, record in company.users.items() if record["status"] != "DEPROVISIONED"}
    assert set(company.members[everyone]) == here


def test_active_group_rules_agree_with_the_members_of_their_groups(company: Company) -> None:
    for rule in company.group_rules.values():
        if rule["status"] != "ACTIVE":
            continue
        path, _, value = rule["conditions"]["expression"]["value"].partition("==")
        attribute, wanted = path.removeprefix("user."), value.strip('"')
        matching = {u for u, record in company.users.items() if record["profile"].get(attribute) == wanted}
        here = {user for user in matching if company.users[user]["status"] != "DEPROVISIONED"}
        for group in rule["actions"]["assignUserToGroups"]["groupIds"]:
            assert here <= set(company.members[group]) <= matching


def test_every_reference_leads_somewhere(company: Company) -> None:
    assert set(company.members) == set(company.groups)
    assert all(user in company.users for users in company.members.values() for user in users)
    assert all(link["id"] in company.groups for links in company.app_groups.values() for link in links)
    assert all(user in company.users for users in company.direct.values() for user in users)
    assert all(use.user_id in company.users for uses in company.device_uses.values() for use in uses)
    assert set(company.group_roles) <= set(company.groups)
    assert {app["accessPolicy"] for app in company.apps.values() if "accessPolicy" in app} <= set(company.policies)
    for user in company.users.values():
        assert user["profile"].get("managerId", user["id"]) in company.users
    sources = {group["source"]["id"] for group in company.groups.values() if "source" in group}
    assert sources <= set(company.apps)


def test_policy_rules_refer_to_groups_people_and_zones_of_the_company(company: Company) -> None:
    referred: dict[str, set[str]] = {"groups": set(), "users": set(), "zones": set()}
    for rules in company.policy_rules.values():
        for rule in rules:
            conditions = rule["conditions"] or {}
            for kind in ("groups", "users"):
                sides = conditions.get("people", {}).get(kind, {})
                referred[kind] |= {*sides.get("include", []), *sides.get("exclude", [])}
            network = conditions.get("network", {})
            referred["zones"] |= {*network.get("include", []), *network.get("exclude", [])}
    assert referred["groups"] <= set(company.groups)
    assert referred["users"] <= set(company.users)
    assert referred["zones"] <= set(company.zones)
    assert all(referred.values())


def test_all_kinds_of_groups_and_applications_are_there(company: Company) -> None:
    assert {group["type"] for group in company.groups.values()} == {"OKTA_GROUP", "APP_GROUP", "BUILT_IN"}
    assert any("okta:windows_security_principal" in group["objectClass"] for group in company.groups.values())
    modes = {app["signOnMode"] for app in company.apps.values()}
    assert {"SAML_2_0", "OPENID_CONNECT", "BROWSER_PLUGIN", "AUTO_LOGIN", "BOOKMARK"} <= modes
    assert {app["status"] for app in company.apps.values()} == {"ACTIVE", "INACTIVE"}
    # So that one minute of Okta's smallest bucket is enough to read them with their users and groups.
    assert len(company.apps) <= 45


def test_an_application_lists_who_is_assigned_and_how(company: Company) -> None:
    for app, scopes in company.app_scopes.items():
        through = {user for link in company.app_groups[app] for user in company.members[link["id"]]}
        for user, scope in scopes.items():
            assert company.users[user]["status"] != "DEPROVISIONED"
            assert scope == ("USER" if user in company.direct[app] else "GROUP")
            assert user in through or user in company.direct[app]


def test_roles_are_held_directly_and_through_groups(company: Company) -> None:
    kinds = {(role["assignmentType"], role["type"]) for u in company.administrators for role in company.roles(u)}
    assert {("USER", "SUPER_ADMIN"), ("GROUP", "SUPER_ADMIN"), ("USER", "CUSTOM")} <= kinds


class TestAwkwardCases:
    def profile(self, company: Company, user: str) -> dict[str, Any]:
        found: dict[str, Any] = company.users[user]["profile"]
        return found

    def test_someone_has_access_directly_and_through_two_groups(self, company: Company) -> None:
        cases = company.cases
        user, app = cases.direct_and_two_groups_user, cases.direct_and_two_groups_app
        assert user in company.direct[app]
        assigned = {link["id"] for link in company.app_groups[app]}
        assert set(cases.direct_and_two_groups_groups) <= assigned
        assert assigned & set(company.groups_of[user]) == set(cases.direct_and_two_groups_groups)
        assert company.app_scopes[app][user] == "USER"

    def test_managers_left_and_their_people_stayed(self, company: Company) -> None:
        cases = company.cases
        assert all(company.users[manager]["status"] == "DEPROVISIONED" for manager in cases.left_managers)
        for report in cases.reports_of_left_managers:
            assert company.users[report]["status"] == "ACTIVE"
            assert self.profile(company, report)["managerId"] in cases.left_managers

    def test_people_who_left_still_sit_in_groups_but_open_nothing(self, company: Company) -> None:
        for user in company.cases.deprovisioned_in_groups:
            assert company.users[user]["status"] == "DEPROVISIONED"
            assert len(company.groups_of[user]) >= 2
            assert all(user not in scopes for scopes in company.app_scopes.values())
            assert user not in company.administrators

    def test_two_people_have_one_name(self, company: Company) -> None:
        one, other = (self.profile(company, user) for user in company.cases.same_name)
        assert (one["firstName"], one["lastName"]) == (other["firstName"], other["lastName"])
        assert one["login"] != other["login"]

    def test_a_phone_and_a_second_address_are_shared(self, company: Company) -> None:
        phones = {self.profile(company, user)["mobilePhone"] for user in company.cases.shared_phone}
        mails = {self.profile(company, user)["secondEmail"] for user in company.cases.shared_second_email}
        assert len(phones) == len(mails) == 1
        assert None not in phones | mails

    def test_names_carry_quotes_accents_emoji_apostrophes_and_formulas(self, company: Company) -> None:
        cases = company.cases
        assert '"' in self.profile(company, cases.quoted_name)["firstName"]
        assert "ü" in self.profile(company, cases.accented_name)["lastName"]
        assert "🦊" in self.profile(company, cases.emoji_name)["firstName"]
        assert "'" in self.profile(company, cases.apostrophe_name)["lastName"]
        assert self.profile(company, cases.formula_name)["firstName"].startswith("=")

    def test_texts_carry_instructions_to_a_model(self, company: Company) -> None:
        cases = company.cases
        assert self.profile(company, cases.hostile_nickname)["nickName"] == HOSTILE_NICKNAME
        assert company.groups[cases.hostile_description_group]["profile"]["description"] == HOSTILE_DESCRIPTION
        assert company.members[cases.hostile_description_group]
        assert company.apps[cases.hostile_label_app]["label"] == HOSTILE_LABEL

    def test_a_group_is_called_like_a_department(self, company: Company) -> None:
        name = company.groups[company.cases.group_named_like_a_department]["profile"]["name"]
        assert name in {user["profile"].get("department") for user in company.users.values()}

    def test_groups_are_empty_and_an_application_has_nobody(self, company: Company) -> None:
        cases = company.cases
        assert all(company.members[group] == () for group in cases.empty_groups)
        assert company.apps[cases.unassigned_app]["status"] == "ACTIVE"
        assert not company.app_scopes[cases.unassigned_app]
        assert not company.app_scopes[cases.app_of_an_empty_group_only]
        assert company.app_groups[cases.app_of_an_empty_group_only]

    def test_super_administrators_sit_in_their_group(self, company: Company) -> None:
        group = company.cases.super_admins_group
        assert company.groups[group]["profile"]["name"] == "sso-super-admins"
        assert company.members[group]
        assert company.group_roles[group][0]["type"] == "SUPER_ADMIN"

    def test_a_contractor_has_sms_as_the_only_second_factor(self, company: Company) -> None:
        kinds = {factor["factorType"] for factor in company.factors(company.cases.sms_only_contractor)}
        assert kinds == {"email", "sms"}
