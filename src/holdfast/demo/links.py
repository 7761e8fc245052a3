"""Records as they leave the tenant: with the `_links` and embedded parts that depend on where it is served."""

from __future__ import annotations

from holdfast.demo.company import Company
from holdfast.demo.records import Record, okta_id
from holdfast.demo.security import DeviceUse


def _href(url: str, *allow: str) -> Record:
    return {"href": url, "hints": {"allow": list(allow)}} if allow else {"href": url}


class Presenter:
    """Turns a company's records into what Okta answers, for a tenant at `url` (no slash at its end)."""

    def __init__(self, company: Company, url: str) -> None:
        self._company = company
        self._api = f"{url}/api/v1"
        self._url = url

    def user(self, user_id: str) -> Record:
        """One user."""
        record = self._company.users[user_id]
        return {**record, "_links": {"self": _href(f"{self._api}/users/{user_id}")}}

    def group(self, group_id: str, *, stats: bool = False) -> Record:
        """One group, with member and application counts if `stats`."""
        record = self._company.groups[group_id]
        source = record.get("source")
        links: Record = {
            "logo": [{"name": "medium", "href": f"{self._url}/assets/group.png", "type": "image/png"}],
            "users": _href(f"{self._api}/groups/{group_id}/users"),
            "apps": _href(f"{self._api}/groups/{group_id}/apps"),
        }
        if source:
            links["source"] = _href(f"{self._api}/apps/{source['id']}")
        group = {**record, "_links": links}
        if stats:
            group["_embedded"] = {
                "stats": {
                    "usersCount": len(self._company.members[group_id]),
                    "appsCount": len(self._company.apps_of_group.get(group_id, ())),
                    "groupPushMappingsCount": 0,
                    "hasAdminPrivilege": group_id in self._company.group_roles,
                    "_links": {"self": _href(f"{self._api}/groups/{group_id}/stats")},
                }
            }
        return group

    def app(self, app_id: str) -> Record:
        """One application; `_links.accessPolicy` names the policy that guards it."""
        record = dict(self._company.apps[app_id])
        policy = record.pop("accessPolicy", None)
        app = f"{self._api}/apps/{app_id}"
        record["_links"] = {
            "self": _href(app),
            "users": _href(f"{app}/users"),
            "groups": _href(f"{app}/groups"),
            "deactivate": _href(f"{app}/lifecycle/deactivate"),
            "logo": [{"name": "medium", "href": f"{self._url}/assets/app.png", "type": "image/png"}],
        }
        if policy:
            record["_links"]["accessPolicy"] = _href(f"{self._api}/policies/{policy}")
        return record

    def app_user(self, app_id: str, user_id: str) -> Record:
        """One person's assignment to an application. KeyError where there is none."""
        scope = self._company.app_scopes[app_id][user_id]
        user, app = self._company.users[user_id], self._company.apps[app_id]
        profile = user["profile"]
        since = max(user["created"], app["created"])
        return {
            "id": user_id,
            "externalId": None,
            "created": since,
            "lastUpdated": max(since, user["statusChanged"]),
            "scope": scope,
            "status": "ACTIVE" if app["status"] == "ACTIVE" else "INACTIVE",
            "statusChanged": since,
            "passwordChanged": None,
            "syncState": "DISABLED",
            "credentials": {"userName": profile["login"]},
            "profile": {k: profile[k] for k in ("email", "firstName", "lastName")},
            "_links": {
                "app": _href(f"{self._api}/apps/{app_id}"),
                "user": _href(f"{self._api}/users/{user_id}"),
            },
        }

    def app_group(self, app_id: str, assignment: Record) -> Record:
        """One group's assignment to an application."""
        group = assignment["id"]
        return {
            **assignment,
            "_links": {
                "app": _href(f"{self._api}/apps/{app_id}"),
                "self": _href(f"{self._api}/apps/{app_id}/groups/{group}"),
                "group": _href(f"{self._api}/groups/{group}"),
            },
        }

    def app_link(self, app_id: str, user_id: str, place: int) -> Record:
        """One tile of a person's dashboard."""
        app = self._company.apps[app_id]
        return {
            "id": okta_id("00u", self._company.seed, "link", app_id, user_id),
            "label": app["label"],
            "linkUrl": f"{self._url}/home/{app['name']}/{app_id}",
            "logoUrl": f"{self._url}/assets/app.png",
            "appName": app["name"],
            "appInstanceId": app_id,
            "appAssignmentId": okta_id("0ua", self._company.seed, "assignment", app_id, user_id),
            "credentialsSetup": False,
            "hidden": False,
            "sortOrder": place,
        }

    def factors(self, user_id: str) -> list[Record]:
        """A person's factors."""
        base = f"{self._api}/users/{user_id}"
        return [
            {
                **factor,
                "_links": {
                    "self": _href(f"{base}/factors/{factor['id']}", "GET", "DELETE"),
                    "user": _href(base, "GET"),
                },
            }
            for factor in self._company.factors(user_id)
        ]

    def role(self, role: Record, assignee: str) -> Record:
        """One role assignment; `assignee` is `users/…` or `groups/…`."""
        return {**role, "_links": {"assignee": _href(f"{self._api}/{assignee}")}}

    def rule(self, rule_id: str) -> Record:
        """One group rule."""
        return self._company.group_rules[rule_id]

    def device(self, device_id: str, expand: str | None = None) -> Record:
        """One device; `expand` is `user` or `userSummary`."""
        record = self._company.devices[device_id]
        links = {
            "self": _href(f"{self._api}/devices/{device_id}"),
            "users": _href(f"{self._api}/devices/{device_id}/users"),
        }
        device = {**record, "_links": links}
        if expand:
            device["_embedded"] = {"users": [self.device_use(use, expand) for use in self._uses(device_id)]}
        return device

    def _uses(self, device_id: str) -> tuple[DeviceUse, ...]:
        return self._company.device_uses[device_id]

    def device_use(self, use: DeviceUse, expand: str = "user") -> Record:
        """One person's use of a device, with the person in full or in short."""
        user = self.user(use.user_id)
        if expand == "userSummary":
            profile = {k: user["profile"][k] for k in ("login", "email", "firstName", "lastName")}
            user = {"id": user["id"], "status": user["status"], "profile": profile}
        return {
            "created": use.created,
            "managementStatus": use.management_status,
            "screenLockType": use.screen_lock,
            "user": user,
        }

    def policy(self, policy_id: str) -> Record:
        """One policy."""
        base = f"{self._api}/policies/{policy_id}"
        return {
            **self._company.policies[policy_id],
            "_links": {
                "self": _href(base, "GET", "PUT", "DELETE"),
                "rules": _href(f"{base}/rules", "GET", "POST"),
                "mappings": _href(f"{base}/mappings", "GET", "POST"),
            },
        }

    def policy_rule(self, policy_id: str, rule: Record) -> Record:
        """One rule of a policy."""
        base = f"{self._api}/policies/{policy_id}/rules/{rule['id']}"
        return {**rule, "_links": {"self": _href(base, "GET", "PUT", "DELETE")}}

    def policy_mapping(self, policy_id: str, app_id: str) -> Record:
        """One application guarded by a policy."""
        return {
            "id": okta_id("prm", self._company.seed, "mapping", policy_id, app_id),
            "_links": {
                "application": _href(f"{self._api}/apps/{app_id}"),
                "policy": _href(f"{self._api}/policies/{policy_id}"),
            },
        }

    def zone(self, zone_id: str) -> Record:
        """One network zone."""
        return {
            **self._company.zones[zone_id],
            "_links": {"self": _href(f"{self._api}/zones/{zone_id}", "GET", "PUT", "DELETE")},
        }
