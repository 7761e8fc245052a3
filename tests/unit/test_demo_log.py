"""The system log agrees with the company, whatever the seed."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.demo import Company, evolve, make_company
from holdfast.demo.log import writing
from holdfast.demo.log.staff import Staff
from holdfast.demo.log.writing import log_cases, system_log, usual_events
from tests.demo_log import BEGIN, EVENTS, NOW, company_of, events_of, in_the_log, moment, of_type, stamp_of, target

SEEDS = st.integers(0, 40)
PATIENT = settings(max_examples=12, deadline=None)


@PATIENT
@given(SEEDS)
def test_events_are_in_order_within_ninety_days_and_each_has_an_id_of_its_own(seed: int) -> None:
    events = events_of(seed)
    moments = [moment(event) for event in events]
    assert moments == sorted(moments)
    assert len({event["uuid"] for event in events}) == len(events)
    assert datetime.fromisoformat(moments[0]) >= BEGIN
    # Who signed in "today" did so within the first minute of the day.
    assert datetime.fromisoformat(moments[-1]) <= NOW + timedelta(minutes=1)


@PATIENT
@given(SEEDS)
def test_the_last_sign_in_of_everyone_is_the_one_that_the_record_tells(seed: int) -> None:
    signed_in: dict[str, str] = {}
    for event in of_type(events_of(seed), "user.session.start"):
        if event["outcome"]["result"] == "SUCCESS":
            signed_in[event["actor"]["id"]] = moment(event)
    for user, record in company_of(seed).users.items():
        last = record["lastLogin"]
        told = last is not None and datetime.fromisoformat(last) >= BEGIN
        assert signed_in.get(user) == (last if told else None)


@PATIENT
@given(SEEDS)
def test_nobody_does_anything_before_the_activation_or_after_leaving(seed: int) -> None:
    users = company_of(seed).users
    for event in events_of(seed):
        person = users.get(event["actor"]["id"])
        if person is None:
            continue
        assert person["activated"] is not None
        assert person["activated"] <= moment(event)
        if person["status"] == "DEPROVISIONED":
            assert moment(event) <= person["statusChanged"]


@PATIENT
@given(SEEDS)
def test_nothing_is_done_to_anyone_who_was_not_there_yet(seed: int) -> None:
    users = company_of(seed).users
    for event in events_of(seed):
        for thing in event["target"]:
            if thing["type"] == "User" and thing["id"] in users:
                assert users[thing["id"]]["created"] <= moment(event)


@PATIENT
@given(SEEDS)
def test_people_open_only_applications_that_they_have_and_that_existed(seed: int) -> None:
    company = company_of(seed)
    opened = of_type(events_of(seed), "user.authentication.sso")
    assert opened
    added: dict[tuple[str, str], str] = {}
    for event in of_type(events_of(seed), "group.user_membership.add"):
        for app in company.apps_of_group.get(target(event, "UserGroup"), ()):
            added[target(event, "User"), app] = moment(event)
    for event in opened:
        user, app = event["actor"]["id"], target(event, "AppInstance")
        assert user in company.app_scopes[app]
        assert company.apps[app]["status"] == "ACTIVE"
        assert max(company.apps[app]["created"], added.get((user, app), "")) <= moment(event)


@PATIENT
@given(SEEDS)
def test_people_prove_who_they_are_with_factors_that_they_had(seed: int) -> None:
    company = company_of(seed)
    for event in of_type(events_of(seed), "user.authentication.auth_via_mfa"):
        named = event["debugContext"]["debugData"]
        if "factorId" in named:
            factors = {factor["id"]: factor for factor in company.factors(event["actor"]["id"])}
            factor = factors[named["factorId"]]
            assert factor["status"] == "ACTIVE"
            assert factor["factorType"] == named["factor"]
            assert factor["created"] <= moment(event)


@PATIENT
@given(SEEDS)
def test_every_enrolment_of_a_factor_that_falls_into_the_log_is_in_it(seed: int) -> None:
    company = company_of(seed)
    enrolled = {(e["actor"]["id"], moment(e)) for e in of_type(events_of(seed), "user.mfa.factor.activate")}
    for user, record in company.users.items():
        left = record["statusChanged"] if record["status"] in {"SUSPENDED", "LOCKED_OUT"} else stamp_of(2**42)
        for factor in company.factors(user):
            if factor["status"] == "ACTIVE" and in_the_log(factor["created"]) and factor["created"] <= left:
                assert (user, factor["created"]) in enrolled


@PATIENT
@given(SEEDS)
def test_reset_factors_were_enrolled_anew(seed: int) -> None:
    company = company_of(seed)
    resets = of_type(events_of(seed), "user.mfa.factor.reset_all")
    assert {event["actor"]["id"] for event in resets} == {log_cases(company).reset_admin}
    assert len(resets) >= 2
    for event in resets:
        assert all(factor["created"] > moment(event) for factor in company.factors(target(event, "User")))


@PATIENT
@given(SEEDS)
def test_roles_given_in_these_ninety_days_have_their_grant_and_a_giver(seed: int) -> None:
    company = company_of(seed)
    granted = {
        (event["target"][0]["id"], moment(event), event["debugContext"]["debugData"]["privilegeGranted"]): event
        for event in of_type(events_of(seed), "user.account.privilege.grant", "group.privilege.grant")
    }
    for holder, roles in [*company.user_roles.items(), *company.group_roles.items()]:
        for role in roles:
            if in_the_log(role["created"]):
                giver = granted[holder, role["created"], role["label"]]["actor"]
                assert giver["type"] == "SystemPrincipal" or giver["id"] in company.administrators


@PATIENT
@given(SEEDS)
def test_memberships_of_the_log_are_those_of_today(seed: int) -> None:
    company = company_of(seed)
    for event in of_type(events_of(seed), "group.user_membership.add", "group.user_membership.remove"):
        user, group = target(event, "User"), target(event, "UserGroup")
        assert (user in company.members[group]) == event["eventType"].endswith("add")
        assert moment(event) <= company.groups[group]["lastMembershipUpdated"]


@PATIENT
@given(SEEDS)
def test_what_became_of_people_in_these_ninety_days_is_in_the_log(seed: int) -> None:
    company = company_of(seed)
    events = {
        (event["eventType"], moment(event), event["target"][0]["id"]) for event in events_of(seed) if event["target"]
    }
    ends = {"DEPROVISIONED": "user.lifecycle.deactivate", "SUSPENDED": "user.lifecycle.suspend"}
    for user, record in company.users.items():
        for stamp, event in (
            (record["created"], "user.lifecycle.create"),
            (record["activated"], "user.lifecycle.activate"),
            (record["statusChanged"], ends.get(record["status"])),
            (record["statusChanged"], "user.account.lock" if record["status"] == "LOCKED_OUT" else None),
        ):
            if event and in_the_log(stamp):
                assert (event, stamp, user) in events


@PATIENT
@given(SEEDS)
def test_policies_decide_as_their_rules_say(seed: int) -> None:
    company = company_of(seed)
    contractors = set(
        next(m for g, m in company.members.items() if company.groups[g]["profile"]["name"] == "Contractors")
    )
    for event in of_type(events_of(seed), "policy.evaluate_sign_on"):
        zone, user = event["client"]["zone"], event["actor"]["id"]
        rule = next(thing["displayName"] for thing in event["target"] if thing["type"] == "PolicyRule")
        if event["outcome"]["result"] == "DENY":
            assert zone == "Anonymisers"
            assert rule == ("No sign-in from anonymisers" if user in contractors else "Blocked networks")
        elif user not in contractors:
            assert rule == "Default Rule"
        elif zone == "Offices" and user != company.cases.sms_only_contractor:
            assert rule == "Offices"
        else:
            assert rule == "Anywhere else"


@PATIENT
@given(SEEDS, st.integers(50, 90))
def test_a_log_has_as_many_events_as_asked_for(seed: int, users: int) -> None:
    company = make_company(seed, users, now=NOW, log_events=3_000)
    assert len(system_log(company)) == 3_000


def test_a_log_that_is_asked_to_be_short_keeps_what_the_records_say() -> None:
    company = make_company(7, 60, now=NOW, log_events=0)
    events = tuple(system_log(company).events())
    assert 300 < len(events) < 1_500
    assert len(of_type(events, "user.mfa.factor.reset_all")) == len(company.resets.moments)


def test_without_a_number_the_log_befits_the_size() -> None:
    assert len(system_log(make_company(7, 50, now=NOW))) == usual_events(50) == 4_000
    assert usual_events(1_000) == 80_000
    assert 300_000 < usual_events(100_000) < 500_000


def test_a_log_is_made_when_it_is_first_asked_for_and_then_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(company: Company) -> Staff:
        made.append(company.seed)
        return Staff(company)

    monkeypatch.setattr(writing, "Staff", counted)
    company = make_company(7, 60, now=NOW, log_events=0)
    moved = evolve(company, at=NOW + timedelta(hours=1))
    assert made == []
    assert system_log(company) is system_log(company)
    assert len(system_log(moved)) > len(system_log(company))
    assert made == [7]


def test_the_same_seed_makes_the_same_log_and_another_one_another() -> None:
    first, again, other = (
        orjson.dumps(list(system_log(make_company(seed, 60, now=NOW, log_events=EVENTS)).events()))
        for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_a_company_that_moves_on_writes_its_changes_at_the_end_of_its_log() -> None:
    before = make_company(11, 80, now=NOW, log_events=EVENTS)
    at = NOW + timedelta(hours=9)
    after = evolve(evolve(before, at=at), at=at + timedelta(hours=1))
    old, new = list(system_log(before).events()), list(system_log(after).events())
    assert new[: len(old)] == old
    added = new[len(old) :]
    assert [moment(e) for e in added] == sorted(moment(e) for e in added)
    assert len({e["uuid"] for e in new}) == len(new)
    joined = {target(e, "User") for e in added if e["eventType"] == "user.lifecycle.create"}
    left = {target(e, "User") for e in added if e["eventType"] == "user.lifecycle.deactivate"}
    deleted = {target(e, "User") for e in added if e["eventType"] == "user.lifecycle.delete.completed"}
    assert joined == set(after.users) - set(before.users)
    assert deleted == set(before.users) - set(after.users)
    assert left == {u for u in before.users if statuses(before, after, u) == ("ACTIVE", "DEPROVISIONED")}
    changes: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for event in added:
        if event["eventType"].startswith("group.user_membership"):
            pair = target(event, "UserGroup"), target(event, "User")
            changes[event["eventType"].endswith("add")].add(pair)
    assert changes[True] >= pairs(after) - pairs(before)
    assert changes[False] >= pairs(before) - pairs(after)


def test_a_change_dated_back_is_put_where_it_belongs() -> None:
    before = make_company(11, 60, now=NOW, log_events=EVENTS)
    after = evolve(before, at=NOW - timedelta(days=3))
    moments = [moment(event) for event in system_log(after).events()]
    assert moments == sorted(moments)
    assert len(moments) > EVENTS


def statuses(before: Company, after: Company, user: str) -> tuple[str, str]:
    return before.users[user]["status"], after.users.get(user, {"status": "gone"})["status"]


def pairs(company: Company) -> set[tuple[str, str]]:
    """Memberships, but for those of the group that everyone is in."""
    named = {group: record["profile"]["name"] for group, record in company.groups.items()}
    return {(group, user) for group, users in company.members.items() if named[group] != "Everyone" for user in users}
