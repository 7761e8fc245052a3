"""The memorable cases of the system log are in it, and are what they are said to be."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from holdfast.demo import Company
from holdfast.demo.cast import person_id
from holdfast.demo.log.happenings import millis
from holdfast.demo.log.script import INSTRUCTION, SPRAY_ADDRESS
from holdfast.demo.log.writing import log_cases
from tests.demo_log import NOW, Event, company_of, country, events_of, moment, of_type, stamp_of, target

Events = tuple[Event, ...]
NAMED = (
    "application.provision.user.push",
    "application.user_membership.add",
    "group.user_membership.add",
    "group.user_membership.remove",
    "policy.rule.update",
    "security.threat.detected",
    "system.api_token.create",
    "system.api_token.revoke",
    "system.log_stream.lifecycle.create",
    "system.org.rate_limit.violation",
    "system.org.rate_limit.warning",
    "user.account.unlock_by_admin",
    "user.account.update_password",
    "user.mfa.factor.deactivate",
)


@pytest.fixture(scope="module")
def company() -> Company:
    return company_of(7, 300)


@pytest.fixture(scope="module")
def events() -> Events:
    return events_of(7, 300)


def test_somebody_was_in_two_countries_within_an_hour(company: Company, events: Events) -> None:
    traveller = log_cases(company).traveller
    signed_in = [e for e in of_type(events, "user.session.start") if e["actor"]["id"] == traveller]
    last, before = [e for e in signed_in if e["outcome"]["result"] == "SUCCESS"][:-3:-1]
    assert millis(moment(last)) - millis(moment(before)) < 3_600_000
    assert country(last) != country(before)


def test_somebody_came_from_a_new_country_with_a_new_device(company: Company, events: Events) -> None:
    newcomer = log_cases(company).newcomer_device
    signed_in = [e for e in of_type(events, "user.session.start") if e["actor"]["id"] == newcomer]
    *before, last = [e for e in signed_in if e["outcome"]["result"] == "SUCCESS"]
    assert before
    assert country(last) not in {country(event) for event in before}
    systems = {event["client"]["userAgent"]["os"] for event in before}
    assert last["client"]["userAgent"]["os"] not in systems
    assert "New Device=POSITIVE" in last["debugContext"]["debugData"]["behaviors"]


def test_one_address_tried_many_people_within_minutes(company: Company, events: Events) -> None:
    tries = [e for e in of_type(events, "user.session.start") if e["client"]["ipAddress"] == SPRAY_ADDRESS]
    assert {e["actor"]["id"] for e in tries} == set(log_cases(company).sprayed)
    assert len(tries) == 40
    assert {e["outcome"]["reason"] for e in tries} == {"INVALID_CREDENTIALS"}
    assert millis(moment(tries[-1])) - millis(moment(tries[0])) < 600_000


def test_somebody_refused_two_pushes_and_reported_it(company: Company, events: Events) -> None:
    refuser = log_cases(company).push_refuser
    mine = [e for e in events if e["actor"]["id"] == refuser]
    report = of_type(mine, "user.account.report_suspicious_activity_by_enduser")
    refused = of_type(mine, "user.mfa.okta_verify.deny_push")
    assert len(report) == 1
    assert len([e for e in refused if millis(moment(report[0])) - millis(moment(e)) < 600_000]) == 2


def test_an_administrator_reset_factors_of_others_and_of_herself_this_week(company: Company, events: Events) -> None:
    admin = log_cases(company).reset_admin
    assert company.roles(admin)
    resets = of_type(events, "user.mfa.factor.reset_all")
    whose = [target(event, "User") for event in resets]
    assert admin in whose
    assert len(set(whose)) >= 4
    assert all(datetime.fromisoformat(moment(event)) > NOW - timedelta(days=7) for event in resets)


def test_a_role_was_lent_for_two_weeks(company: Company, events: Events) -> None:
    luis = person_id(company.seed, "luis")
    given = [e for e in of_type(events, "user.account.privilege.grant") if target(e, "User") == luis]
    taken = [e for e in of_type(events, "user.account.privilege.revoke") if target(e, "User") == luis]
    assert [moment(event)[:10] for event in (*given, *taken)] == ["2026-11-01", "2026-11-15"]
    assert company.roles(luis) == []
    assert all(event["actor"]["id"] in company.administrators for event in (*given, *taken))


def test_okta_support_was_let_in_forty_days_ago(company: Company, events: Events) -> None:
    session = [e for e in events if e["eventType"].startswith("user.session.impersonation")]
    assert [e["eventType"].rpartition(".")[2] for e in session] == ["grant", "initiate", "end"]
    assert moment(session[0]) == stamp_of(log_cases(company).support_session)
    assert datetime.fromisoformat(moment(session[0])) == NOW - timedelta(days=40)


def test_an_application_of_engineering_was_not_opened_for_sixty_days(company: Company, events: Events) -> None:
    forgotten = log_cases(company).forgotten_app
    groups = {company.groups[link["id"]]["profile"]["name"] for link in company.app_groups[forgotten]}
    assert groups == {"Engineering"}
    opened = [e for e in of_type(events, "user.authentication.sso") if target(e, "AppInstance") == forgotten]
    assert all(datetime.fromisoformat(moment(e)) < NOW - timedelta(days=60) for e in opened)


def test_the_text_of_the_log_gives_orders(company: Company, events: Events) -> None:
    assert any(
        INSTRUCTION in str(e["client"]["userAgent"]) and e["actor"]["displayName"] == "Victor Hale" for e in events
    )
    assert any(INSTRUCTION in e["actor"]["alternateId"] for e in events)


def test_somebody_who_was_deleted_still_acts_in_the_log(company: Company, events: Events) -> None:
    gone = log_cases(company).deleted_actor
    assert gone not in company.users
    assert any(e["actor"]["id"] == gone for e in events)
    deleted = of_type(events, "user.lifecycle.delete.completed")
    assert [target(e, "User") for e in deleted] == [gone]


def test_events_lie_at_the_very_edges_of_windows(company: Company, events: Events) -> None:
    cases = log_cases(company)
    mine = {moment(e) for e in of_type(events, "user.session.start") if e["actor"]["id"] == cases.edge_user}
    for days in (1, 7, 30):
        edge = round((NOW - timedelta(days=days)).timestamp() * 1_000)
        assert {stamp_of(edge), stamp_of(edge - 1)} <= mine


def test_everything_that_the_mission_names_is_in_it(events: Events) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for event in events:
        found[event["eventType"]].add(event["outcome"]["result"])
    assert {"SUCCESS", "FAILURE"} <= found["user.session.start"] & found["user.authentication.auth_via_mfa"]
    assert {"ALLOW", "CHALLENGE", "DENY"} <= found["policy.evaluate_sign_on"]
    for event_type in NAMED:
        assert event_type in found, event_type
