"""Who may administer what: targets of roles, roles of OAuth clients, resource sets and what is bound to them."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.demo.applications import oauth_clients
from holdfast.demo.cast import app_id, group_id
from holdfast.demo.company import Company
from holdfast.demo.families.dates import dated
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id
from holdfast.demo.replies import not_found
from holdfast.demo.resources import Collection, Ids, Records, Single, by_id, linked
from holdfast.demo.security import ROLE_LABELS

_READ = "okta.roles.read"
_SIZES = PageSizes(20, 200)
# What roles are restricted to, by type and by how they are held: names of groups, keys of applications.
_GROUP_TARGETS = {("USER_ADMIN", "USER"): ("HR", "Interns"), ("HELP_DESK_ADMIN", "USER"): ("Support",)}
_APP_TARGETS = {("APP_ADMIN", "USER"): ("jira", "confluence")}
# Roles of applications that call Okta's API by themselves: key, role, the groups it is restricted to.
_CLIENT_ROLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("siem", "READ_ONLY_ADMIN", ()),
    ("partner-hub", "USER_ADMIN", ("Contractors",)),
)
_PERMISSIONS = ("okta.users.read", "okta.users.lifecycle.suspend", "okta.users.lifecycle.clearSessions")
RESOURCE_SET = "Leavers"


def org_id(company: Company) -> str:
    """The id of the organisation."""
    return okta_id("00o", company.seed, "org")


def client_roles(company: Company, client: str) -> Records:
    """Roles of an OAuth client by id; none for most. ApiError (404) for an unknown client."""
    app = oauth_clients(company.apps).get(client)
    if app is None:
        raise not_found(client, "PublicClientApp")
    return by_id(
        {
            "id": okta_id("JBC", company.seed, "client role", app, kind),
            "label": ROLE_LABELS[kind],
            "type": kind,
            "status": "ACTIVE",
            "assignmentType": "CLIENT",
            **dated(company, "client role", app, kind, oldest=400),
        }
        for key, kind, _ in _CLIENT_ROLES
        if app_id(company.seed, key) == app
    )


def _role(company: Company, ids: Ids) -> Record:
    """The role assignment that the path names. ApiError (404) where that person, group or client does not hold it."""
    if "user" in ids:
        held = {role["id"]: role for role in company.roles(ids["user"])}
    elif "group" in ids:
        held = {role["id"]: role for role in company.group_roles.get(ids["group"], ())}
    else:
        held = dict(client_roles(company, ids["client"]))
    if ids["role"] not in held:
        raise not_found(ids["role"], "RoleAssignment")
    return held[ids["role"]]


def target_groups(company: Company, ids: Ids) -> Records:
    """The groups that a role assignment is restricted to, by id; none: it holds for all."""
    role = _role(company, ids)
    names = _GROUP_TARGETS.get((role["type"], role["assignmentType"]), ())
    if role["assignmentType"] == "CLIENT":
        names = next(names for _, kind, names in _CLIENT_ROLES if kind == role["type"])
    groups = [group_id(company.seed, name) for name in names]
    return {group: {**company.groups[group], **linked(f"/api/v1/groups/{group}")} for group in sorted(groups)}


def target_apps(company: Company, ids: Ids) -> Records:
    """The applications of Okta's catalogue that a role assignment is restricted to, by name; none: it holds for all."""
    role = _role(company, ids)
    keys = _APP_TARGETS.get((role["type"], role["assignmentType"]), ())
    return {
        app["name"]: {
            "id": app["id"],
            "name": app["name"],
            "displayName": app["label"],
            "description": "",
            "category": "COLLABORATION",
            "status": app["status"],
            "verificationStatus": "OKTA_VERIFIED",
            "website": f"https://{app['name']}.example",
            "signOnModes": [app["signOnMode"]],
            "features": app["features"],
            "lastUpdated": app["lastUpdated"],
        }
        for app in (company.apps[app_id(company.seed, key)] for key in keys)
    }


def _targets(company: Company, ids: Ids) -> Records:
    role, org = _role(company, ids), org_id(company)
    names = [f"orn:okta:directory:{org}:groups:{group}" for group in target_groups(company, ids)]
    names += [f"orn:okta:idp:{org}:apps:{app}" for app in target_apps(company, ids)]
    # The name stands for the target; cursors are made of letters and digits.
    return {
        okta_id("rtg", company.seed, name): {
            "assignmentType": role["assignmentType"],
            "expiration": None,
            "orn": name,
        }
        for name in names
    }


def _resource_set(company: Company) -> Record:
    return {
        "id": okta_id("iam", company.seed, "resource set"),
        "label": RESOURCE_SET,
        "description": "People who leave, and the groups they are in",
        "created": company.custom_role["created"],
        "lastUpdated": company.custom_role["lastUpdated"],
    }


def _in_set(company: Company, ids: Ids) -> Record:
    record = _resource_set(company)
    if ids["resource_set"] not in {record["id"], record["label"]}:
        raise not_found(ids["resource_set"], "ResourceSet")
    return record


def _resources(company: Company, ids: Ids) -> Records:
    _in_set(company, ids)
    org = org_id(company)
    orns = (f"orn:okta:directory:{org}:users", f"orn:okta:directory:{org}:groups")
    return {
        record["id"]: record
        for record in (
            {"id": okta_id("ire", company.seed, orn), "orn": orn, **dated(company, orn, oldest=199)} for orn in orns
        )
    }


def _bindings(company: Company, ids: Ids) -> Records:
    _in_set(company, ids)
    return {company.custom_role["id"]: {"id": company.custom_role["id"]}}


def _binding(company: Company, ids: Ids) -> Record:
    _in_set(company, ids)
    _custom_role(company, ids)
    return {"id": company.custom_role["id"]}


def _custom_role(company: Company, ids: Ids) -> Record:
    role = company.custom_role
    if ids["custom_role"] not in {role["id"], role["label"]}:
        raise not_found(ids["custom_role"], "IamRole")
    return role


def _members(company: Company, ids: Ids) -> Records:
    _binding(company, ids)
    return by_id(
        {
            "id": role["id"],
            "created": role["created"],
            "lastUpdated": role["lastUpdated"],
            **linked(f"/api/v1/users/{user}"),
        }
        for user, roles in company.user_roles.items()
        for role in roles
        if role["type"] == "CUSTOM"
    )


def _permissions(company: Company, ids: Ids) -> Records:
    role = _custom_role(company, ids)
    return {
        label: {
            "label": label,
            "created": role["created"],
            "lastUpdated": role["lastUpdated"],
            "conditions": None,
        }
        for label in _PERMISSIONS
    }


def _held_by_users(company: Company) -> Iterator[Ids]:
    return ({"user": user, "role": role["id"]} for user in company.administrators for role in company.roles(user))


def _held_by_groups(company: Company) -> Iterator[Ids]:
    return ({"group": group, "role": role["id"]} for group, roles in company.group_roles.items() for role in roles)


def _clients(company: Company) -> Iterator[Ids]:
    return ({"client": client} for client in sorted(oauth_clients(company.apps)))


def _held_by_clients(company: Company) -> Iterator[Ids]:
    return ({**ids, "role": role} for ids in _clients(company) for role in client_roles(company, ids["client"]))


def _sets(company: Company) -> Iterator[Ids]:
    return iter(({"resource_set": _resource_set(company)["id"]},))


def _set_roles(company: Company) -> Iterator[Ids]:
    return ({**ids, "custom_role": company.custom_role["id"]} for ids in _sets(company))


CLIENT_ROLES = Collection(
    "/oauth2/v1/clients/{client}/roles",
    "RoleAssignment",
    _READ,
    lambda company, ids: client_roles(company, ids["client"]),
    _clients,
)
GROUP_ROLES = Collection(
    "/api/v1/groups/{group}/roles",
    "RoleAssignment",
    _READ,
    lambda company, ids: by_id(company.group_roles.get(ids["group"], ())),
    lambda company: ({"group": group} for group in company.group_roles),
)
_USERS_ROLE, _GROUPS_ROLE = "/api/v1/users/{user}/roles/{role}", "/api/v1/groups/{group}/roles/{role}"
_CLIENTS_ROLE = "/oauth2/v1/clients/{client}/roles/{role}"
_HELD = ((_USERS_ROLE, _held_by_users), (_GROUPS_ROLE, _held_by_groups), (_CLIENTS_ROLE, _held_by_clients))
TARGET_GROUPS = tuple(
    Collection(f"{path}/targets/groups", "Group", _READ, target_groups, held, _SIZES) for path, held in _HELD
)
TARGET_APPS = tuple(
    Collection(f"{path}/targets/catalog/apps", "CatalogApplication", _READ, target_apps, held, _SIZES)
    for path, held in _HELD
)
ROLE_TARGETS = Collection(f"{_USERS_ROLE}/targets", "RoleTarget", _READ, _targets, _held_by_users, _SIZES)
RESOURCE_SETS = Collection(
    "/api/v1/iam/resource-sets",
    "ResourceSet",
    _READ,
    lambda company, _: by_id([_resource_set(company)]),
    body_key="resource-sets",
    names=lambda record: (record["label"],),
    below=("resources", "bindings"),
)
RESOURCES = Collection(
    "/api/v1/iam/resource-sets/{resource_set}/resources",
    "Resource",
    _READ,
    _resources,
    _sets,
    PageSizes(100, 100),
    "resources",
)
BINDINGS = Collection(
    "/api/v1/iam/resource-sets/{resource_set}/bindings", "ResourceSetBinding", _READ, _bindings, _sets, body_key="roles"
)
MEMBERS = Collection(
    "/api/v1/iam/resource-sets/{resource_set}/bindings/{custom_role}/members",
    "ResourceSetBindingMember",
    _READ,
    _members,
    _set_roles,
    body_key="members",
)
PERMISSIONS = Collection(
    "/api/v1/iam/roles/{custom_role}/permissions",
    "Permission",
    _READ,
    _permissions,
    lambda company: ({"custom_role": company.custom_role["id"]},),
    body_key="permissions",
)
ROUTES = (
    *CLIENT_ROLES.routes(),
    GROUP_ROLES.thing_route(),
    *(route for family in (*TARGET_GROUPS, *TARGET_APPS, ROLE_TARGETS) for route in family.routes(things=False)),
    *RESOURCE_SETS.routes(),
    *RESOURCES.routes(),
    *BINDINGS.routes(things=False),
    *Single("/api/v1/iam/resource-sets/{resource_set}/bindings/{custom_role}", _READ, _binding).routes(),
    *MEMBERS.routes(),
    *PERMISSIONS.routes(),
)


def _target_rows(company: Company, _: str) -> Iterator[Record]:
    """Holder, assignment and the group or application that it is restricted to."""
    for _, held in _HELD:
        for ids in held(company):
            for group in target_groups(company, ids):
                yield {**_as_columns(ids), "target_group_id": group}
            for app in target_apps(company, ids).values():
                yield {**_as_columns(ids), "target_app_id": app["id"], "target_app_name": app["name"]}


def _as_columns(ids: Ids) -> Record:
    return {("role_assignment_id" if name == "role" else f"{name}_id"): value for name, value in ids.items()}


EXPORTED = {
    "client_roles": CLIENT_ROLES.rows,
    "role_targets": _target_rows,
    "resource_sets": RESOURCE_SETS.rows,
    "resource_set_resources": RESOURCES.rows,
    "resource_set_members": MEMBERS.rows,
    "custom_role_permissions": PERMISSIONS.rows,
}
