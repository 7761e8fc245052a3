"""Reads below `/api/v1/users`: people, and what is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from holdfast.demo.filters import Grammar, Predicate, compiled
from holdfast.demo.paging import Listing, PageSizes, page
from holdfast.demo.records import Record
from holdfast.demo.replies import ApiError, Call, Reply, Route, not_found
from holdfast.demo.security import DeviceUse
from holdfast.demo.user_schema import PROFILE_ATTRIBUTES

_USERS = PageSizes(usual=200, most=200)
# `q` is a type-ahead: ten people unless asked for more.
_TYPE_AHEAD = PageSizes(usual=10, most=200)
_SEARCH = Grammar(
    frozenset({"id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id"}), PROFILE_ATTRIBUTES
)
_FILTER = Grammar(
    frozenset({"id", "status", "lastUpdated"}),
    frozenset({"login", "email", "firstName", "lastName"}),
    frozenset({"eq", "gt", "ge", "lt", "le"}),
)


def _list_users(call: Call) -> Reply:
    users, query = call.company.users, call.query
    asked = [word for word in ("search", "filter", "q") if query.get(word)]
    if len(asked) > 1:
        raise ApiError("E0000033")
    keep: Predicate = _present
    if asked == ["q"]:
        keep = partial(_named, query["q"].casefold())
    elif asked:
        keep = compiled(query[asked[0]], _SEARCH if asked == ["search"] else _FILTER)
    ids, in_order = call.company.user_ids, True
    if query.get("sortBy") and asked == ["search"]:
        ids, in_order = _sorted(call), False
    listing = Listing(ids, call.present.user, lambda user: keep(users[user]), in_order)
    return page(call, _TYPE_AHEAD if asked == ["q"] else _USERS, listing)


def _present(user: Record) -> bool:
    # Only `search` and `filter` show people who left.
    return bool(user["status"] != "DEPROVISIONED")


def _named(start: str, user: Record) -> bool:
    profile = user["profile"]
    words = (profile["firstName"], profile["lastName"], profile["email"])
    return _present(user) and any(str(word).casefold().startswith(start) for word in words)


def _sorted(call: Call) -> tuple[str, ...]:
    outer, _, inner = call.query["sortBy"].partition(".")
    if (inner or outer) not in PROFILE_ATTRIBUTES | _SEARCH.attributes:
        raise ApiError("E0000031", cause=f"sortBy: attribute {call.query['sortBy']} cannot be used here")
    users = call.company.users

    def key(user: str) -> tuple[str, str]:
        value = users[user].get(outer)
        return str(value.get(inner) if isinstance(value, dict) else value or "").casefold(), user

    descending = call.query.get("sortOrder", "asc").lower() == "desc"
    return tuple(sorted(users, key=key, reverse=descending))


def user_id(call: Call) -> str:
    """The id of the user in the path, who may be named by id, login, login without domain, or `me`. ApiError (404)."""
    named, company = call.path["user"], call.company
    if named == "me":
        return company.cases.token_owner
    if named in company.users:
        return named
    login = named.casefold()
    found = company.logins.get(login)
    if found is None and "@" not in login:
        matches = [user for name, user in company.logins.items() if name.partition("@")[0] == login]
        found = matches[0] if len(matches) == 1 else None
    if found is None:
        raise not_found(named, "User")
    return found


def _get_user(call: Call) -> Reply:
    return Reply(call.present.user(user_id(call)))


def _groups(call: Call) -> Reply:
    return Reply([call.present.group(group) for group in call.company.groups_of.get(user_id(call), ())])


def _app_links(call: Call) -> Reply:
    user, company = user_id(call), call.company
    apps = [a for a, users in company.app_scopes.items() if user in users and company.apps[a]["status"] == "ACTIVE"]
    return Reply([call.present.app_link(app, user, place) for place, app in enumerate(apps)])


def _readable_factors(call: Call) -> list[Record]:
    user = user_id(call)
    if user == call.company.cases.unreadable_factors_user:
        raise ApiError("E0000006")
    return call.present.factors(user)


def _factors(call: Call) -> Reply:
    return Reply(_readable_factors(call))


def _factor(call: Call) -> Reply:
    for factor in _readable_factors(call):
        if factor["id"] == call.path["factor"]:
            return Reply(factor)
    raise not_found(call.path["factor"], "Factor")


def _roles(call: Call) -> Reply:
    user = user_id(call)
    return Reply([call.present.role(role, f"users/{user}") for role in call.company.roles(user)])


def _role(call: Call) -> Reply:
    user = user_id(call)
    for role in call.company.roles(user):
        if role["id"] == call.path["role"]:
            return Reply(call.present.role(role, f"users/{user}"))
    raise not_found(call.path["role"], "RoleAssignment")


def _devices(call: Call) -> Reply:
    user, company = user_id(call), call.company

    def entry(device: str) -> Mapping[str, object]:
        use: DeviceUse = next(use for use in company.device_uses[device] if use.user_id == user)
        return {"created": use.created, "deviceUserId": user, "device": call.present.device(device)}

    return Reply([entry(device) for device in company.devices_of.get(user, ())])


_READ_USERS, _READ_ROLES = "okta.users.read", "okta.roles.read"
ROUTES = (
    Route("/api/v1/users", _list_users, _READ_USERS),
    Route("/api/v1/users/{user}", _get_user, _READ_USERS),
    Route("/api/v1/users/{user}/groups", _groups, _READ_USERS),
    Route("/api/v1/users/{user}/appLinks", _app_links, _READ_USERS),
    Route("/api/v1/users/{user}/factors", _factors, _READ_USERS),
    Route("/api/v1/users/{user}/factors/{factor}", _factor, _READ_USERS),
    Route("/api/v1/users/{user}/roles", _roles, _READ_ROLES),
    Route("/api/v1/users/{user}/roles/{role}", _role, _READ_ROLES),
    Route("/api/v1/users/{user}/devices", _devices, _READ_USERS),
)
