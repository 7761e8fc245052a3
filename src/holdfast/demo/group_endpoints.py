"""Reads below `/api/v1/groups`: groups, their members, roles and applications, and group rules."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from holdfast.demo.filters import Grammar, Predicate, compiled
from holdfast.demo.paging import Listing, PageSizes, page
from holdfast.demo.records import Record
from holdfast.demo.replies import ApiError, Call, Reply, Route, not_found

_GROUPS = PageSizes(usual=200, most=10_000)
_MEMBERS = PageSizes(usual=1000, most=1000)
_APPS = PageSizes(usual=20, most=200)
_RULES = PageSizes(usual=50, most=200)
_PROFILE = frozenset(
    {"name", "description", "dn", "externalId", "samAccountName", "windowsDomainQualifiedName"},
)
_DATES = frozenset({"created", "lastUpdated", "lastMembershipUpdated"})
_SEARCH = Grammar(
    frozenset({"id", "type", "objectClass", *_DATES}),
    _PROFILE,
    special=MappingProxyType({"source.id": lambda group: (group.get("source") or {}).get("id")}),
)
_FILTER = Grammar(frozenset({"id", "type", *_DATES}), None, frozenset({"eq", "gt", "ge", "lt", "le"}))


def _list_groups(call: Call) -> Reply:
    groups, query = call.company.groups, call.query
    asked = [word for word in ("search", "filter", "q") if query.get(word)]
    if len(asked) > 1:
        raise ApiError("E0000033")
    keep: Predicate | None = None
    if asked == ["q"]:
        keep = partial(_named, query["q"].casefold())
    elif asked:
        keep = compiled(query[asked[0]], _SEARCH if asked == ["search"] else _FILTER)
    stats = "stats" in query.get("expand", "").split(",")
    return page(
        call,
        _GROUPS,
        Listing(
            tuple(groups),
            lambda group: call.present.group(group, stats=stats),
            (lambda group: keep(groups[group])) if keep else None,
        ),
    )


def _named(start: str, group: Record) -> bool:
    return bool(group["profile"]["name"].casefold().startswith(start))


def _group_id(call: Call) -> str:
    group = call.path["group"]
    if group not in call.company.groups:
        raise not_found(group, "UserGroup")
    return group


def _get_group(call: Call) -> Reply:
    return Reply(call.present.group(_group_id(call)))


def _members(call: Call) -> Reply:
    return page(call, _MEMBERS, Listing(call.company.members[_group_id(call)], call.present.user))


def _apps(call: Call) -> Reply:
    return page(call, _APPS, Listing(call.company.apps_of_group.get(_group_id(call), ()), call.present.app))


def _stats(call: Call) -> Reply:
    return Reply(call.present.group(_group_id(call), stats=True)["_embedded"]["stats"])


def _roles(call: Call) -> Reply:
    group = _group_id(call)
    roles = call.company.group_roles.get(group, ())
    return Reply([call.present.role(role, f"groups/{group}") for role in roles])


def _list_rules(call: Call) -> Reply:
    rules = call.company.group_rules
    wanted = call.query.get("search", "").casefold()
    names = call.query.get("expand") == "groupIdToGroupNameMap"

    def show(rule: str) -> Record:
        record = call.present.rule(rule)
        if not names:
            return record
        groups = record["actions"]["assignUserToGroups"]["groupIds"]
        named = {group: call.company.groups[group]["profile"]["name"] for group in groups}
        return {**record, "_embedded": {"groupIdToGroupNameMap": named}}

    return page(call, _RULES, Listing(tuple(rules), show, lambda rule: wanted in rules[rule]["name"].casefold()))


def _get_rule(call: Call) -> Reply:
    rule = call.path["rule"]
    if rule not in call.company.group_rules:
        raise not_found(rule, "GroupRule")
    return Reply(call.present.rule(rule))


_READ = "okta.groups.read"
ROUTES = (
    Route("/api/v1/groups", _list_groups, _READ),
    Route("/api/v1/groups/rules", _list_rules, _READ),
    Route("/api/v1/groups/rules/{rule}", _get_rule, _READ),
    Route("/api/v1/groups/{group}", _get_group, _READ),
    Route("/api/v1/groups/{group}/users", _members, _READ),
    Route("/api/v1/groups/{group}/apps", _apps, _READ),
    Route("/api/v1/groups/{group}/stats", _stats, _READ),
    Route("/api/v1/groups/{group}/roles", _roles, "okta.roles.read"),
)
