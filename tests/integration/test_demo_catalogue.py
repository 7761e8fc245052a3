"""Every endpoint of the catalogue is asked of the demo tenant: it answers in the shape that the catalogue tells.

What the catalogue says of shapes comes from Okta's own description; the tenant's records were written without it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.catalogue.endpoints import Catalogue, Endpoint
from holdfast.catalogue.shapes import FieldType
from holdfast.demo import Company, TenantOptions, make_company
from holdfast.demo.families import absent, app_details, authorization_servers, branding, organisation, profiles, roles
from holdfast.demo.families.registry import MODULES
from holdfast.demo.families.sessions import sessions
from holdfast.demo.resources import Collection, Ids
from holdfast.demo.server import ROUTES
from holdfast.demo.user_schema import schema_id
from tests.demo_asker import UNLIMITED, Answer, Asker, asking

CATALOGUE = Catalogue.load()
ENDPOINTS = {endpoint.name: endpoint for endpoint in CATALOGUE}
OFF = {path for paths in absent.OFF.values() for path in paths} | {"/.well-known/ssf-configuration"}
COLLECTIONS = {
    family.path: family
    for module in MODULES
    for value in vars(module).values()
    for family in (value if isinstance(value, tuple) else (value,))
    if isinstance(family, Collection)
}
TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "moment": (str,),
    "whole": (int,),
    "number": (int, float),
    "flag": (bool,),
    "record": (dict,),
    "list": (list,),
}
# What a required query parameter may be.
QUERIES = {"type": "PASSWORD", "filter": 'principalType eq "SSWS_TOKEN"', "oauthClientId": "x", "stream_id": "x"}


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, 230, now=datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture(scope="module")
async def ask(company: Company) -> AsyncIterator[Asker]:
    async with asking(company, TenantOptions(rate_limits=UNLIMITED)) as asker:
        yield asker


def shape_of(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


ROUTE_OF = {shape_of(route.path): route.path for route in ROUTES}


def route_of(endpoint: Endpoint) -> str:
    """The tenant's own path for an endpoint, which calls parameters by other names."""
    if endpoint.path.startswith("/governance/"):
        return "/governance/api/{rest:.+}"
    return ROUTE_OF[shape_of(endpoint.path)]


def is_off(endpoint: Endpoint) -> bool:
    return route_of(endpoint) in OFF


def known_ids(company: Company) -> Ids:
    """One thing of each kind that paths name, where no family lists it."""
    user = company.cases.direct_and_two_groups_user
    policy = next(policy for policy, rules in company.policy_rules.items() if rules)
    server = next(iter(company.family(authorization_servers.authorization_servers)))
    brand = branding.brand_id(company, "Partners")
    ids = {
        "user": user,
        "group": company.cases.super_admins_group,
        "app": company.cases.direct_and_two_groups_app,
        "device": next(iter(company.devices)),
        "policy": policy,
        "zone": next(iter(company.zones)),
        "type": "default",
        "schema": schema_id(company, company.users[user]["type"]["id"]),
        "session": next(iter(company.family(sessions))),
        "contact": "BILLING",
        "console": "admin-console",
        "known": "webauthn",
        "server": server,
        "brand": brand,
        "template": "UserActivation",
        "pool": next(iter(organisation.agent_pools(company, {}))),
        "mapping": next(iter(company.family(profiles.mappings))),
        "resource_set": roles.RESOURCE_SET,
        "custom_role": company.custom_role["id"],
    }
    mail = COLLECTIONS["/api/v1/brands/{brand}/templates/email/{template}/customizations"]
    hooks = COLLECTIONS["/api/v1/hook-keys"].records(company, {})
    ids["customization"] = next(iter(mail.records(company, ids)))
    ids["key"] = next(iter(hooks.values()))["keyId"]
    return ids


def of_holders(company: Company, path: str) -> Ids | None:
    """Things that only somebody has: rules, factors, roles."""
    ids = known_ids(company)
    if "/policies/{policy}/rules/{rule}" in path:
        return {**ids, "rule": company.policy_rules[ids["policy"]][0]["id"]}
    if path.endswith("/factors/{factor}"):
        user = next(user for user in company.users if company.factors(user))
        return {"user": user, "factor": company.factors(user)[0]["id"]}
    if path.endswith("/factors/{factor}/transactions/{id}"):
        user = next(user for user in company.users if company.factors(user))
        return {"user": user, "factor": company.factors(user)[0]["id"], "id": "nothing"}
    if path == "/api/v1/users/{user}/roles/{role}":
        user = company.administrators[0]
        return {"user": user, "role": company.roles(user)[0]["id"]}
    if path == "/api/v1/groups/rules/{rule}":
        return {"rule": next(iter(company.group_rules))}
    if path == "/api/v1/iam/roles/{role}":
        return {"role": company.custom_role["id"]}
    if path.endswith(("/apps/{app}/users/{user}", "/apps/{app}/groups/{group}")):
        group = next(link["id"] for link in company.app_groups[ids["app"]])
        return {**ids, "group": group}
    return None


def address_of(company: Company, path: str) -> tuple[str, bool]:
    """An address that the route answers, and whether there is anything behind it."""
    for at, is_thing in ((path, False), (path.removesuffix("/{id}"), True)):
        family = COLLECTIONS.get(at)
        if family is None or (is_thing and at == path):
            continue
        parents = list(family.parents(company))
        if not parents:
            return path.format(**(of_holders(company, path) or {})), False
        ids = next((ids for ids in parents if family.records(company, ids)), parents[0])
        if not is_thing:
            return path.format(**ids), True
        things = family.records(company, ids)
        return path.format(**ids, id=next(iter(things), "nothing")), bool(things)
    return path.format(**(of_holders(company, path) or known_ids(company))), True


def queries_of(endpoint: Endpoint, company: Company) -> dict[str, str]:
    app = {"app": company.cases.direct_and_two_groups_app}
    values = {**QUERIES, "kid": next(iter(app_details.signing_keys(company, app)))}
    return {parameter.name: values[parameter.name] for parameter in endpoint.query_parameters if parameter.required}


async def asked(ask: Asker, company: Company, endpoint: Endpoint, **query: str) -> Answer:
    path = route_of(endpoint)
    if is_off(endpoint):
        return await ask.get(re.sub(r"\{[^}]*\}", "x", endpoint.path), None, **query)
    return await ask.get(address_of(company, path)[0], None, **query)


def wrong(value: Any, kind: FieldType, at: str) -> Iterator[str]:
    """What in `value` is not of the type that the catalogue tells, with its place."""
    if value is None or kind.kind == "any":
        return
    of_its_type = isinstance(value, TYPES[kind.kind]) and isinstance(value, bool) == (kind.kind == "flag")
    if not of_its_type:
        yield f"{at}: {value!r} is no {kind.kind}"
    elif kind.kind == "moment":
        datetime.fromisoformat(value)
    elif kind.kind == "text" and kind.values and value not in kind.values:
        yield f"{at}: {value!r} is none of {kind.values}"
    elif kind.kind == "list" and kind.items:
        for number, item in enumerate(value):
            yield from wrong(item, kind.items, f"{at}[{number}]")
    elif kind.kind == "record" and kind.shape:
        shape = CATALOGUE.shape(kind.shape)
        for name, field in (shape.fields if shape else {}).items():
            if name in value:
                yield from wrong(value[name], field, f"{at}.{name}")


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_it_answers_in_its_shape_or_says_that_the_feature_is_off(name: str, ask: Asker, company: Company) -> None:
    endpoint = ENDPOINTS[name]
    query = queries_of(endpoint, company)
    if is_off(endpoint):
        status, body, _ = await asked(ask, company, endpoint, **query)
        assert (status, body["errorCode"]) == (401, "E0000015")
        return
    address, there = address_of(company, route_of(endpoint))
    if endpoint.response.kind == "text":
        async with ask.session.get(ask.url + address, params=query, headers={"Authorization": "SSWS demo-token"}) as r:
            assert (r.status, r.content_type) == (200, "application/xml")
        return
    status, body, headers = await ask.get(address, None, **query)
    if not there:
        assert (status, body["errorCode"]) == (404, "E0000007")
        return
    assert status == 200, (address, body)
    if endpoint.response.kind == "record":
        assert isinstance(body, dict)
        assert list(wrong(body, endpoint.response.of, "")) == []
        return
    rows = body if endpoint.response.rows_at is None else body[endpoint.response.rows_at]
    assert isinstance(rows, list)
    assert [fault for row in rows for fault in wrong(row, endpoint.response.of, "")] == []
    assert ("Link" in headers) == (endpoint.paging == "link_header"), endpoint.paging


@pytest.mark.parametrize("name", [name for name, e in ENDPOINTS.items() if not is_off(e)])
async def test_it_refuses_to_go_without_what_it_needs(name: str, ask: Asker, company: Company) -> None:
    endpoint = ENDPOINTS[name]
    if not queries_of(endpoint, company):
        return
    status, body, _ = await asked(ask, company, endpoint)
    assert (status, body["errorCode"]) == (400, "E0000028")


@pytest.mark.parametrize("name", [name for name, e in ENDPOINTS.items() if e.path_parameters and not is_off(e)])
async def test_something_unknown_is_not_found(name: str, ask: Asker, company: Company) -> None:
    endpoint = ENDPOINTS[name]
    address = re.sub(r"\{[^}]*\}", "nothing-of-that-name", endpoint.path)
    status, body, _ = await ask.get(address, None, **queries_of(endpoint, company))
    assert (status, body["errorCode"]) == (404, "E0000007")


@pytest.mark.parametrize("name", [name for name, e in ENDPOINTS.items() if e.paging == "link_header"])
async def test_a_paged_list_can_be_read_one_by_one(name: str, ask: Asker, company: Company) -> None:
    endpoint = ENDPOINTS[name]
    if is_off(endpoint) or endpoint.path == "/api/v1/logs":
        return
    address, query = address_of(company, route_of(endpoint))[0], queries_of(endpoint, company)
    whole = await ask.all(address, **query)
    few = await ask.all(address, **query, limit="1") if len(whole) < 20 else whole
    assert few == whole


@pytest.mark.parametrize("name", [name for name, e in ENDPOINTS.items() if e.paging == "body_links" and not is_off(e)])
async def test_a_list_that_pages_in_its_body_can_be_read_one_by_one(name: str, ask: Asker, company: Company) -> None:
    endpoint = ENDPOINTS[name]
    address, at = address_of(company, route_of(endpoint))[0], str(endpoint.response.rows_at)
    whole = (await ask.get(address)).body[at]
    few, page = [], (await ask.get(address, None, limit="1")).body
    while True:
        few += page[at]
        following = page.get("_links", {}).get("next")
        if following is None:
            break
        page = (await ask.get(following["href"])).body
    assert few == whole


def test_the_features_that_are_off_are_a_handful_and_none_that_a_question_is_likely_to_need() -> None:
    off = {endpoint.path for endpoint in CATALOGUE if is_off(endpoint) and not endpoint.path.startswith("/governance/")}
    assert len(off) < len(ENDPOINTS) / 8
