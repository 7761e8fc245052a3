"""What people and services are responsible for: owners of groups, notifications, services that call Okta's API."""

from __future__ import annotations

from random import Random

from holdfast.demo.cast import group_id, person_id
from holdfast.demo.company import Company
from holdfast.demo.families.dates import ago, dated, left_administrator
from holdfast.demo.paging import PageSizes
from holdfast.demo.records import Record, okta_id
from holdfast.demo.replies import not_found
from holdfast.demo.resources import Collection, Ids, Records, by_id, of_users
from holdfast.demo.security import ROLE_LABELS
from holdfast.demo.words import DEPARTMENTS

_READ = "okta.roles.read"
# Group, keys of the people who own it; departments are owned by their heads beside these.
_OWNERS = (
    ("sso-super-admins", ("super_admin", "left_admin")),
    ("Legacy VPN", ("left_admin",)),
    ("Project Falcon", ("luis",)),
    ("crm-power-users", ("dana", "left_in_groups")),
)
# Groups that are owned by all of another group.
_OWNED_BY_GROUPS = (("aws-admins", "IT-Identity"), ("github-writers", "Eng-Platform"))
NOTIFICATIONS = (
    "AD_AGENT",
    "AGENT_AUTO_UPDATE_NOTIFICATION",
    "APP_IMPORT",
    "OKTA_ANNOUNCEMENT",
    "OKTA_UPDATE",
    "RATELIMIT_NOTIFICATION",
    "REPORT_SUSPICIOUS_ACTIVITY",
    "USER_DEPROVISION",
    "USER_LOCKED_OUT",
)


def group_owners(company: Company, group: str) -> Records:
    """Owners of a group by id: people, who may have left since, and groups."""
    name = company.groups[group]["profile"]["name"]
    people = [person_id(company.seed, key) for owned, keys in _OWNERS if owned == name for key in keys]
    if name in {department for department, _, _ in DEPARTMENTS}:
        people.append(person_id(company.seed, f"Head of {name}"))
    groups = [group_id(company.seed, owner) for owned, owner in _OWNED_BY_GROUPS if owned == name]
    owners = [_owner(company, group, user, "USER") for user in people if user in company.users]
    return by_id([*owners, *(_owner(company, group, owner, "GROUP") for owner in groups)])


def _owner(company: Company, group: str, owner: str, kind: str) -> Record:
    if kind == "USER":
        profile = company.users[owner]["profile"]
        name = f"{profile['firstName']} {profile['lastName']}"
    else:
        name = company.groups[owner]["profile"]["name"]
    return {
        "id": owner,
        "type": kind,
        "displayName": name,
        "resolved": True,
        "originId": None,
        "originType": "OKTA_DIRECTORY",
        "lastUpdated": dated(company, "owner", group, owner)["lastUpdated"],
    }


def _subscriptions(company: Company, who: str, active: bool) -> Records:
    random = Random(f"{company.seed}/subscriptions/{who}")
    return {
        kind: {
            "notificationType": kind,
            "channels": ["email"],
            "status": "subscribed" if active and random.random() < 0.5 else "unsubscribed",
        }
        for kind in NOTIFICATIONS
    }


def _of_role(company: Company, ids: Ids) -> Records:
    if ids["role"] not in ROLE_LABELS:
        raise not_found(ids["role"], "Role")
    return _subscriptions(company, ids["role"], active=True)


def _of_user(company: Company, ids: Ids) -> Records:
    return _subscriptions(company, ids["user"], active=ids["user"] in company.administrators)


def _api_services(company: Company, _: Ids) -> Records:
    return by_id(
        [
            {
                "id": okta_id("0oa", company.seed, "api service", name),
                "type": name.lower().replace(" ", ""),
                "name": name,
                "createdAt": ago(company, days),
                "createdBy": maker,
                "configGuideUrl": f"https://guides.example/{name.lower().replace(' ', '-')}",
                "grantedScopes": scopes,
            }
            for name, days, maker, scopes in (
                ("Log Collector", 400, left_administrator(company), ["okta.logs.read"]),
                ("Access Insights", 170, company.cases.token_owner, ["okta.users.read", "okta.groups.read"]),
            )
        ]
    )


def _service_secrets(company: Company, ids: Ids) -> Records:
    service = ids["service"]
    if service not in _api_services(company, {}):
        raise not_found(service, "APIServiceIntegrationInstance")
    secret = okta_id("sec", company.seed, service)
    return {
        secret: {
            "id": secret,
            "status": "ACTIVE",
            # Okta shows the last four characters.
            "client_secret": f"***{secret[-4:]}",
            "secret_hash": okta_id("", company.seed, "hash", secret),
            **dated(company, secret, oldest=160),
        }
    }


GROUP_OWNERS = Collection(
    "/api/v1/groups/{group}/owners",
    "GroupOwner",
    "okta.groups.read",
    lambda company, ids: group_owners(company, ids["group"]),
    lambda company: ({"group": group} for group in company.groups),
    PageSizes(1000, 1000),
    link_field=None,
)
ROLE_SUBSCRIPTIONS = Collection(
    "/api/v1/roles/{role}/subscriptions",
    "Subscription",
    _READ,
    _of_role,
    lambda _: ({"role": kind} for kind in ROLE_LABELS),
)
USER_SUBSCRIPTIONS = Collection(
    "/api/v1/users/{user}/subscriptions", "Subscription", "okta.users.read", _of_user, of_users
)
API_SERVICES = Collection(
    "/integrations/api/v1/api-services",
    "APIServiceIntegrationInstance",
    "okta.oauthIntegrations.read",
    _api_services,
    sizes=PageSizes(50, 50),
)
SERVICE_SECRETS = Collection(
    "/integrations/api/v1/api-services/{service}/credentials/secrets",
    "APIServiceIntegrationInstanceSecret",
    "okta.oauthIntegrations.read",
    _service_secrets,
    lambda company: ({"service": service} for service in _api_services(company, {})),
)
ROUTES = (
    *GROUP_OWNERS.routes(things=False),
    *ROLE_SUBSCRIPTIONS.routes(),
    *USER_SUBSCRIPTIONS.routes(),
    *API_SERVICES.routes(),
    *SERVICE_SECRETS.routes(things=False),
)
EXPORTED = {"group_owners": GROUP_OWNERS.rows, "api_services": API_SERVICES.rows}
