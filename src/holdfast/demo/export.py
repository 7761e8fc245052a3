"""The tenant's raw truth as files: one JSON-lines file a family, so that anyone can check an answer without our code.

Things are the records that the tenant serves; relations are lines of ids with the facts of the relation beside them:

========================  =============================================================================
`users`, `groups`, `group_rules`, `apps`, `devices`, `policies`, `zones`: the record as served, with `_links` for a
                          tenant at `EXPORT_URL`
`group_members`           `group_id`, `user_id`
`app_users`               `app_id`, `user_id`, `scope` (USER or GROUP), `status`, `app_username`, `created`
`app_groups`              `app_id`, `group_id`, `priority`, `last_updated`
`factors`                 the record, with `user_id`; one line `{"user_id", "unreadable": true}` for a person
                          whose factors the tenant refuses to tell: unknown, not none
`device_users`            `device_id`, `user_id`, `management_status`, `screen_lock_type`, `created`
`user_roles`              the assignment, with `user_id`; `assignmentType` GROUP marks one held through a group
`group_roles`             the assignment, with `group_id`
`policy_rules`            the record, with `policy_id`
`log_events`              the system log, oldest event first, where it is asked for
========================  =============================================================================

The other families (see `families`) are a file for each list of Okta's, in which the record as served stands beside the
ids of what it belongs to:

============================  =========================================================================
`app_grants`                  `app_id`: what administrators allowed an application to do with Okta's API
`user_grants`                 `user_id`: what people consented to
`refresh_tokens`              `app_id`
`app_features`, `app_secrets`, `app_signing_keys`, `group_push_mappings`: `app_id`
`authenticator_methods`       `authenticator_id`
`authorization_server_*`      `server_id`; its rules have `server_policy_id` too
`client_roles`                `client_id`: roles of OAuth clients
`role_targets`                one line for each thing that a role is restricted to: `user_id`, `group_id` or
                              `client_id` of the holder, `role_assignment_id`, and `target_group_id` or
                              `target_app_id` and `target_app_name`
`resource_set_*`              `resource_set_id`; a member has `custom_role_id` too, and links to its person
`custom_role_permissions`     `custom_role_id`
`group_owners`                `group_id`
`identity_provider_users`     `idp_id`
`email_customizations`        `brand_id`, `template_id`
`user_blocks`                 `user_id`; people without a block have no line
`user_risks`                  `user_id`, `riskLevel` (NONE too) and, but for NONE, `reason`
`threat_insight`              one line: the tenant's configuration
============================  =========================================================================

Beside these there are lists that belong to nothing: `api_tokens`, `authenticators`, `authorization_servers`,
`behaviors`, `brands`, `captchas`, `device_assurances`, `domains`, `email_domains`, `event_hooks`, `features`,
`agent_pools`, `api_services`, `identity_providers`, `identity_provider_keys`, `inline_hooks`, `linked_objects`,
`log_streams`, `mappings`, `resource_sets`, `sessions`, `trusted_origins` and `yubikeys`. Of an API token Okta tells
the last use by `lastUpdated`, and nothing else. What the company has not switched on has no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import orjson

from holdfast.demo.company import Company
from holdfast.demo.families import registry
from holdfast.demo.links import Presenter
from holdfast.demo.log.writing import system_log
from holdfast.demo.records import Record
from holdfast.errors import SettingsError

EXPORT_URL = "https://kelptide.okta.example"


def export(company: Company, directory: Path, *, url: str = EXPORT_URL, log: bool = False) -> dict[str, int]:
    """Write every family to `directory`, which is made if need be; the number of lines by family.

    `url` is the tenant's address in links. `log` writes the system log too, which is larger than all the rest (140 MB
    for 1,000 people). Raises SettingsError where the directory cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{directory} cannot be made a folder for the export: {error.strerror}.") from error
    families: dict[str, Callable[[], Iterable[Record]]] = {
        **_families(company, Presenter(company, url)),
        **{family: partial(rows, company, url) for family, rows in registry.EXPORTED.items()},
    }
    if log:
        families["log_events"] = system_log(company).events
    return {family: _write(directory / f"{family}.jsonl", records()) for family, records in families.items()}


def _write(file: Path, records: Iterable[Record]) -> int:
    count = 0
    with file.open("wb") as out:
        for record in records:
            out.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def _families(company: Company, present: Presenter) -> Mapping[str, Callable[[], Iterable[Record]]]:
    return {
        "users": lambda: map(present.user, company.users),
        "groups": lambda: map(present.group, company.groups),
        "group_members": lambda: (
            {"group_id": group, "user_id": user} for group, users in company.members.items() for user in users
        ),
        "group_rules": lambda: map(present.rule, company.group_rules),
        "apps": lambda: map(present.app, company.apps),
        "app_users": lambda: _app_users(company, present),
        "app_groups": lambda: _app_groups(company),
        "factors": lambda: _factors(company, present),
        "devices": lambda: map(present.device, company.devices),
        "device_users": lambda: _device_users(company),
        "user_roles": lambda: (
            {"user_id": user, **present.role(role, f"users/{user}")}
            for user in company.administrators
            for role in company.roles(user)
        ),
        "group_roles": lambda: (
            {"group_id": group, **present.role(role, f"groups/{group}")}
            for group, roles in company.group_roles.items()
            for role in roles
        ),
        "policies": lambda: map(present.policy, company.policies),
        "policy_rules": lambda: (
            {"policy_id": policy, **present.policy_rule(policy, rule)}
            for policy, rules in company.policy_rules.items()
            for rule in rules
        ),
        "zones": lambda: map(present.zone, company.zones),
    }


def _app_users(company: Company, present: Presenter) -> Iterator[Record]:
    for app, users in company.app_scopes.items():
        for user in users:
            served = present.app_user(app, user)
            yield {
                "app_id": app,
                "user_id": user,
                "scope": served["scope"],
                "status": served["status"],
                "app_username": served["credentials"]["userName"],
                "created": served["created"],
            }


def _app_groups(company: Company) -> Iterator[Record]:
    for app, assignments in company.app_groups.items():
        for link in assignments:
            yield {
                "app_id": app,
                "group_id": link["id"],
                "priority": link["priority"],
                "last_updated": link["lastUpdated"],
            }


def _factors(company: Company, present: Presenter) -> Iterator[Record]:
    for user in company.users:
        if user == company.cases.unreadable_factors_user:
            yield {"user_id": user, "unreadable": True}
            continue
        for factor in present.factors(user):
            yield {"user_id": user, **factor}


def _device_users(company: Company) -> Iterator[Record]:
    for device, uses in company.device_uses.items():
        for use in uses:
            yield {
                "device_id": device,
                "user_id": use.user_id,
                "management_status": use.management_status,
                "screen_lock_type": use.screen_lock,
                "created": use.created,
            }
