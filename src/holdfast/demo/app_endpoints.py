"""Reads below `/api/v1/apps`: applications, and who is assigned to them."""

from __future__ import annotations

from holdfast.demo.filters import Grammar, compiled
from holdfast.demo.paging import Listing, PageSizes, page
from holdfast.demo.records import Record
from holdfast.demo.replies import Call, Reply, Route, not_found

_APPS = PageSizes(usual=20, most=200)
_APP_USERS = PageSizes(usual=50, most=500)
_APP_GROUPS = PageSizes(usual=20, most=200)


def _list_apps(call: Call) -> Reply:
    company, query = call.company, call.query
    start = query.get("q", "").casefold()
    test = compiled(query["filter"], _filter_grammar(call)) if query.get("filter") else None

    def keep(app: str) -> bool:
        record = company.apps[app]
        named = any(str(record[field]).casefold().startswith(start) for field in ("label", "name"))
        return named and (test is None or test(record))

    return page(call, _APPS, Listing(tuple(company.apps), call.present.app, keep))


def _filter_grammar(call: Call) -> Grammar:
    company = call.company
    return Grammar(
        frozenset({"status", "name", "id", "lastUpdated"}),
        None,
        frozenset({"eq", "gt", "ge", "lt", "le"}),
        {
            "user.id": lambda app: company.app_scopes[app["id"]],
            "group.id": lambda app: [link["id"] for link in company.app_groups[app["id"]]],
        },
    )


def _app_id(call: Call) -> str:
    app = call.path["app"]
    if app not in call.company.apps:
        raise not_found(app, "AppInstance")
    return app


def _get_app(call: Call) -> Reply:
    return Reply(call.present.app(_app_id(call)))


def _app_users(call: Call) -> Reply:
    app, company = _app_id(call), call.company
    start = call.query.get("q", "").casefold()

    def keep(user: str) -> bool:
        profile = company.users[user]["profile"]
        return any(str(profile[k]).casefold().startswith(start) for k in ("login", "firstName", "lastName", "email"))

    def show(user: str) -> Record:
        record = call.present.app_user(app, user)
        if call.query.get("expand") == "user":
            record["_embedded"] = {"user": call.present.user(user)}
        return record

    return page(call, _APP_USERS, Listing(tuple(company.app_scopes[app]), show, keep if start else None))


def _get_app_user(call: Call) -> Reply:
    app, user = _app_id(call), call.path["user"]
    if user not in call.company.app_scopes[app]:
        raise not_found(user, "AppUser")
    return Reply(call.present.app_user(app, user))


def _app_groups(call: Call) -> Reply:
    app = _app_id(call)
    links = {link["id"]: link for link in call.company.app_groups[app]}
    listing = Listing(tuple(links), lambda group: call.present.app_group(app, links[group]), in_id_order=False)
    return page(call, _APP_GROUPS, listing)


def _get_app_group(call: Call) -> Reply:
    app, group = _app_id(call), call.path["group"]
    for link in call.company.app_groups[app]:
        if link["id"] == group:
            return Reply(call.present.app_group(app, link))
    raise not_found(group, "ApplicationGroupAssignment")


_READ = "okta.apps.read"
ROUTES = (
    Route("/api/v1/apps", _list_apps, _READ),
    Route("/api/v1/apps/{app}", _get_app, _READ),
    Route("/api/v1/apps/{app}/users", _app_users, _READ),
    Route("/api/v1/apps/{app}/users/{user}", _get_app_user, _READ),
    Route("/api/v1/apps/{app}/groups", _app_groups, _READ),
    Route("/api/v1/apps/{app}/groups/{group}", _get_app_group, _READ),
)
