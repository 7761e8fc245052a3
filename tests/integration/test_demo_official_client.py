"""Okta's own Python client reads the demo tenant: its models refuse whatever has not Okta's shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from okta.client import Client
from yarl import URL

from holdfast.demo import Company, RateLimitOptions, TenantOptions, make_company, running
from holdfast.demo.families.hooks import log_streams
from holdfast.demo.log.writing import system_log
from holdfast.demo.policies import POLICY_TYPES


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, 230, now=datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture(scope="module")
async def client(company: Company) -> AsyncIterator[Any]:
    options = TenantOptions(rate_limits=RateLimitOptions(enabled=False))
    with pytest.MonkeyPatch.context() as environment:
        # The client speaks to https only, unless its own tests' switch is set.
        environment.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true")
        async with running(company, options) as tenant:
            yield Client({"orgUrl": tenant.url, "token": "demo-token"})


def read(answer: tuple[Any, ...]) -> Any:
    items, *_, error = answer
    assert error is None, error
    return items


async def test_it_reads_people_and_what_is_theirs(client: Any, company: Company) -> None:
    people = read(await client.list_users(search="id pr"))
    assert len(people) == 200
    for user in people[:40]:
        record = company.users[user.id]
        assert user.profile.login == record["profile"]["login"]
        assert str(user.status.value) == record["status"]
        groups = read(await client.list_user_groups(user.id))
        assert [group.id for group in groups] == list(company.groups_of.get(user.id, ()))
        assert len(read(await client.list_app_links(user.id)) or []) <= len(company.apps)
        if user.id != company.cases.unreadable_factors_user:
            factors = read(await client.list_factors(user.id))
            assert [factor.id for factor in factors] == [factor["id"] for factor in company.factors(user.id)]


async def test_it_reads_groups_their_members_and_rules(client: Any, company: Company) -> None:
    groups = read(await client.list_groups())
    assert [group.id for group in groups] == list(company.groups)
    for group in groups:
        members = read(await client.list_group_users(group.id))
        assert [user.id for user in members] == list(company.members[group.id])
    assert len(read(await client.list_group_rules())) == len(company.group_rules)


async def test_it_reads_applications_of_every_kind_with_their_assignments(client: Any, company: Company) -> None:
    apps = read(await client.list_applications(limit=200))
    assert [app.id for app in apps] == list(company.apps)
    kinds = {type(app).__name__ for app in apps}
    assert {
        "SamlApplication",
        "OpenIdConnectApplication",
        "BrowserPluginApplication",
        "AutoLoginApplication",
        "BookmarkApplication",
        "ActiveDirectoryApplication",
    } <= kinds
    for app in apps:
        users = read(await client.list_application_users(app.id, limit=500))
        assert [user.id for user in users] == list(company.app_scopes[app.id])
        links = read(await client.list_application_group_assignments(app.id))
        assert [link.id for link in links] == [link["id"] for link in company.app_groups[app.id]]


async def test_it_reads_administrators_and_their_roles(client: Any, company: Company) -> None:
    assigned = read(await client.list_users_with_role_assignments())
    assert [user.id for user in assigned.value] == list(company.administrators)
    for user in assigned.value:
        roles = read(await client.list_assigned_roles_for_user(user.id))
        assert len(roles) == len(company.roles(user.id))
    for group in company.group_roles:
        assert len(read(await client.list_group_assigned_roles(group))) == 1


async def test_it_reads_devices_policies_rules_zones_and_types(client: Any, company: Company) -> None:
    assert len(read(await client.list_devices(expand="user"))) == min(200, len(company.devices))
    for kind in POLICY_TYPES:
        for policy in read(await client.list_policies(type=kind)):
            rules = read(await client.list_policy_rules(policy.id))
            assert len(rules) == len(company.policy_rules[policy.id])
    assert len(read(await client.list_network_zones())) == len(company.zones)
    assert len(read(await client.list_user_types())) == 2
    assert read(await client.get_user_schema("default")).title == "User"


async def test_it_reads_the_system_log_page_by_page(client: Any, company: Company) -> None:
    window = {"since": "2026-11-18T00:00:00Z", "until": "2026-11-19T00:00:00Z"}
    events, response, error = await client.list_log_events(**window, limit=50)
    assert error is None, error
    pages = 1
    # It keeps the last of several headers of one name: the next page's, where there is one.
    while 'rel="next"' in (link := response.headers["Link"]):
        after = URL(link[1:].partition(">")[0]).query["after"]
        more, response, error = await client.list_log_events(until=window["until"], after=after, limit=50)
        assert error is None, error
        events, pages = events + more, pages + 1
    assert pages > 1
    wanted = [event for event in system_log(company).events() if event["published"].startswith("2026-11-18")]
    assert [event.uuid for event in events] == [event["uuid"] for event in wanted]
    for event, record in zip(events, wanted, strict=True):
        assert (event.event_type, event.actor.id) == (record["eventType"], record["actor"]["id"])
        assert event.outcome.result == record["outcome"]["result"]
        assert [target.id for target in event.target] == [target["id"] for target in record["target"]]


async def test_every_kind_of_event_has_the_shape_that_it_knows(client: Any, company: Company) -> None:
    kinds = {event["eventType"] for event in system_log(company).events()}
    for kind in kinds:
        named = f'eventType eq "{kind}"'
        events = read(await client.list_log_events(since="2026-08-01T00:00:00Z", filter=named, limit=5))
        assert {event.event_type for event in events} == {kind}


async def test_a_refusal_reaches_it_as_oktas_error(client: Any, company: Company) -> None:
    _, *_, error = await client.list_factors(company.cases.unreadable_factors_user)
    assert "E0000006" in str(error)


async def test_it_reads_tokens_hooks_streams_origins_and_behaviours(client: Any, company: Company) -> None:
    tokens = read(await client.list_api_tokens())
    assert {token.user_id for token in tokens} <= set(company.users)
    assert read(await client.get_api_token(tokens[0].id)).name == tokens[0].name
    assert {hook.status for hook in read(await client.list_event_hooks())} == {"ACTIVE", "INACTIVE"}
    assert len(read(await client.list_inline_hooks())) == 4
    # The client takes names of event sources of one letter only, so that it reads no stream to AWS, Okta's neither.
    splunk = next(name for name, stream in log_streams(company).items() if "splunk" in stream["type"])
    assert type(read(await client.get_log_stream(splunk))).__name__ == "LogStreamSplunk"
    origins = read(await client.list_trusted_origins())
    assert {scope.type.value for origin in origins for scope in origin.scopes} == {"CORS", "REDIRECT", "IFRAME_EMBED"}
    kinds = {type(rule).__name__ for rule in read(await client.list_behavior_detection_rules())}
    assert {"BehaviorRuleVelocity", "BehaviorRuleAnomalousLocation"} <= kinds
    assert read(await client.get_current_configuration()).action == "audit"


async def test_it_reads_authenticators_with_their_methods(client: Any) -> None:
    methods = {}
    for authenticator in read(await client.list_authenticators()):
        listed = read(await client.list_authenticator_methods(authenticator.id))
        methods[authenticator.key.value] = {method.type.value for method in listed}
    assert methods["okta_verify"] == {"push", "totp", "signed_nonce"}
    assert methods["phone_number"] == {"sms", "voice"}


async def test_it_reads_grants_and_refresh_tokens(client: Any, company: Company) -> None:
    granted = {app: read(await client.list_scope_consent_grants(app)) for app in company.apps}
    assert {grant.scope_id for grants in granted.values() for grant in grants or ()} >= {"okta.users.manage"}
    held = [
        token for app in company.apps for token in read(await client.list_o_auth2_tokens_for_application(app)) or ()
    ]
    assert held
    for token in held[:5]:
        clients = read(await client.list_user_clients(token.user_id))
        assert token.client_id in {each.client_id for each in clients}
        theirs = read(await client.list_refresh_tokens_for_user_and_client(token.user_id, token.client_id))
        assert token.id in {each.id for each in theirs}


async def test_it_reads_what_else_a_tenant_has(client: Any, company: Company) -> None:
    servers = read(await client.list_authorization_servers())
    assert "default" in {server.name for server in servers}
    for server in servers:
        scopes = read(await client.list_o_auth2_scopes(server.id))
        assert "openid" in {scope.name for scope in scopes}
        assert read(await client.list_authorization_server_policies(server.id))
    assert len(read(await client.list_brands())) == 2
    assert len(read(await client.list_device_assurance_policies())) == 4
    owners = [o for group in company.groups for o in read(await client.list_group_owners(group)) or ()]
    assert {owner.type.value for owner in owners} == {"USER", "GROUP"}
    assert read(await client.get_user_risk(company.user_ids[0])).risk_level in {"NONE", "LOW", "MEDIUM", "HIGH"}


async def test_a_feature_that_is_off_reaches_it_as_oktas_error(client: Any) -> None:
    _, *_, error = await client.list_realms()
    assert "E0000015" in str(error)
