"""What only the live tenant tells: tokens, hooks, grants, settings; and what the snapshot tells too, asked live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from evaluation.records import Record, Records, Rows, counted, moment, p

Fits = Callable[[Record], object]
_PHISHING_RESISTANT = {"webauthn", "signed_nonce"}


def _login(t: Records, user: str | None) -> str | None:
    return p(t.users[user])["login"] if user in t.users else None


def _left(t: Records, user: str) -> bool:
    return bool(t.users[user]["status"] == "DEPROVISIONED")


def _tokens(t: Records, fits: Fits = lambda _: True) -> Rows:
    """(name, owner, last use) of API tokens."""
    for token in t.families["api_tokens"]:
        if fits(token):
            yield token["name"], _login(t, token["userId"]), moment(token["lastUpdated"])


def _unused(t: Records, days: int) -> Fits:
    return lambda token: moment(token["lastUpdated"]) < t.now - timedelta(days=days)


def _names(t: Records, family: str, fits: Fits = lambda _: True, name: str = "name") -> Rows:
    return [(record[name],) for record in t.families[family] if fits(record)]


def _is(field: str, value: object) -> Fits:
    return lambda record: record[field] == value


def _grants(t: Records, fits: Fits = lambda _: True) -> Rows:
    for grant in t.families["app_grants"]:
        if fits(grant):
            yield t.apps[grant["app_id"]]["label"], grant["scopeId"]


def _server_scopes(t: Records, fits: Fits) -> Rows:
    servers = {server["id"]: server["name"] for server in t.families["authorization_servers"]}
    for scope in t.families["authorization_server_scopes"]:
        if fits(scope):
            yield servers[scope["server_id"]], scope["name"]


def _password_policies(t: Records, group: str | None = None) -> Rows:
    wanted = t.group(group) if group else None
    for policy in t.families["policies"]:
        people = (policy.get("conditions") or {}).get("people") or {}
        included = (people.get("groups") or {}).get("include") or []
        if policy["type"] == "PASSWORD" and (wanted is None or wanted in included):
            password = policy["settings"]["password"]
            age = password["age"]
            yield policy["name"], password["complexity"]["minLength"], age["maxAgeDays"], age["historyCount"]


def _zone_ranges(t: Records) -> Rows:
    for zone in t.families["zones"]:
        if zone["usage"] == "BLOCKLIST":
            yield zone["name"], tuple(gateway["value"] for gateway in zone.get("gateways") or [])


def _people_by_types(t: Records, who: Fits, fits: Callable[[set[str]], bool]) -> Iterator[tuple[str, str]]:
    for user in t.users.values():
        types = t.factors_of[user["id"]]
        if who(user) and (types is None or fits(types)):
            yield p(user)["login"], "unknown" if types is None else "yes"


def _with_types(t: Records, who: Fits) -> Rows:
    """(login, types of factor, yes or unknown) of those who have any, or may."""
    for user in t.users.values():
        types = t.factors_of[user["id"]]
        if who(user) and (types is None or types):
            mark = "unknown" if types is None else "yes"
            yield p(user)["login"], {"unknown"} if types is None else types, mark


def _numbers(rows: Iterator[tuple[str, str]]) -> Rows:
    marks = Counter(mark for _, mark in rows)
    return [(marks["yes"], marks["unknown"])]


def _factors_of(t: Records, first: str, last: str) -> Rows:
    person = t.person(first, last)
    for line in t.families["factors"]:
        if line["user_id"] == person and not line.get("unreadable"):
            yield p(t.users[person])["login"], line["factorType"], moment(line["created"])


def _with_groups_and_apps(t: Records, fits: Fits) -> Rows:
    for user in t.users.values():
        if fits(user):
            groups = {t.groups[g]["profile"]["name"] for g in t.groups_of[user["id"]]}
            yield p(user)["login"], groups, {t.apps[a]["label"] for a in t.opens[user["id"]]}


def _recent(t: Records) -> Fits:
    return lambda user: t.signed_in_since(user, t.now - timedelta(days=7))


def _contractor(user: Record) -> bool:
    return bool(p(user)["userType"] == "Contractor")


def _assignments(t: Records, fits: Fits = lambda _: True) -> Rows:
    """(login, role, directly or through a group) of admin role assignments."""
    for line in t.families["user_roles"]:
        if fits(line):
            yield p(t.users[line["user_id"]])["login"], line["label"], line["assignmentType"]


TRUTHS: Mapping[str, Callable[[Records], Rows]] = {
    "api_tokens": _tokens,
    "api_tokens_number": lambda t: [(len(t.families["api_tokens"]),)],
    "api_tokens_unused_90": lambda t: _tokens(t, _unused(t, 90)),
    "api_tokens_of_leavers": lambda t: _tokens(t, lambda token: _left(t, token["userId"])),
    "api_tokens_of_imani": lambda t: _tokens(t, lambda x: x["userId"] == t.person("Imani", "Okoye")),
    "api_tokens_restricted": lambda t: _tokens(t, lambda token: token["network"]["connection"] == "ZONE"),
    "api_tokens_expiring": lambda t: _tokens(
        t, lambda token: t.now <= moment(token["expiresAt"]) < t.now + timedelta(days=30)
    ),
    "api_tokens_young": lambda t: _tokens(t, lambda x: moment(x["created"]) >= t.now - timedelta(days=365)),
    "api_tokens_oldest": lambda t: [
        (token["name"],) for token in sorted(t.families["api_tokens"], key=lambda x: x["created"])[:3]
    ],
    "log_streams_active": lambda t: _names(t, "log_streams", _is("status", "ACTIVE")),
    "log_streams_inactive": lambda t: _names(t, "log_streams", _is("status", "INACTIVE")),
    "event_hooks": lambda t: _names(t, "event_hooks"),
    "event_hooks_inactive_number": lambda t: [(len([*_names(t, "event_hooks", _is("status", "INACTIVE"))]),)],
    "event_hooks_of_leavers": lambda t: _names(t, "event_hooks", lambda hook: _left(t, hook["createdBy"])),
    "event_hooks_on_session_start": lambda t: _names(
        t, "event_hooks", lambda hook: "user.session.start" in hook["events"]["items"]
    ),
    "event_hooks_sound": lambda t: _names(
        t, "event_hooks", lambda hook: hook["status"] == "ACTIVE" and hook["verificationStatus"] == "VERIFIED"
    ),
    "event_hooks_not_inactive": lambda t: _names(t, "event_hooks", lambda hook: hook["status"] != "INACTIVE"),
    "event_hooks_by_event": lambda t: counted(e for hook in t.families["event_hooks"] for e in hook["events"]["items"]),
    "inline_hooks_active": lambda t: _names(t, "inline_hooks", _is("status", "ACTIVE")),
    "trusted_origins_redirect": lambda t: _names(
        t, "trusted_origins", lambda x: "REDIRECT" in [scope["type"] for scope in x["scopes"]]
    ),
    "trusted_origins_by_status": lambda t: counted(x["status"] for x in t.families["trusted_origins"]),
    "behaviors_inactive": lambda t: _names(t, "behaviors", _is("status", "INACTIVE")),
    "threat_insight": lambda t: _names(t, "threat_insight", name="action"),
    "features_on": lambda t: _names(t, "features", _is("status", "ENABLED")),
    "identity_providers": lambda t: [(x["name"], x["type"], x["status"]) for x in t.families["identity_providers"]],
    "identity_providers_inactive": lambda t: _names(t, "identity_providers", _is("status", "INACTIVE")),
    "identity_providers_saml_or_google": lambda t: _names(
        t, "identity_providers", lambda provider: provider["type"] in ("SAML2", "GOOGLE")
    ),
    "server_scopes_by_server": lambda t: counted(
        server["name"]
        for server in t.families["authorization_servers"]
        for scope in t.families["authorization_server_scopes"]
        if scope["server_id"] == server["id"]
    ),
    "technical_contact": lambda t: [(_login(t, t.person("Imani", "Okoye")),)],
    "custom_domains_verified": lambda t: _names(
        t, "domains", lambda x: x["validationStatus"] in ("VERIFIED", "COMPLETED"), name="domain"
    ),
    "custom_domains_not_verified": lambda t: _names(
        t, "domains", lambda x: x["validationStatus"] not in ("VERIFIED", "COMPLETED"), name="domain"
    ),
    "brands_default": lambda t: _names(t, "brands", _is("isDefault", True)),
    "api_tokens_expiring_in_december": lambda t: _tokens(
        t, lambda token: (moment(token["expiresAt"]).year, moment(token["expiresAt"]).month) == (2026, 12)
    ),
    "authorization_servers": lambda t: _names(t, "authorization_servers"),
    "custom_server_scopes": lambda t: _server_scopes(t, lambda scope: not scope["system"]),
    "custom_domains": lambda t: _names(t, "domains", name="domain"),
    "brands": lambda t: _names(t, "brands"),
    "device_assurances": lambda t: [(x["name"], x["platform"]) for x in t.families["device_assurances"]],
    "tenant_authenticators_inactive": lambda t: _names(t, "authenticators", _is("status", "INACTIVE")),
    "app_grants": _grants,
    "app_grants_of_security_lake": lambda t: _grants(t, lambda x: x["app_id"] == t.app("Security Lake")),
    "app_grants_users_manage": lambda t: _grants(t, _is("scopeId", "okta.users.manage")),
    "app_grants_by_leavers": lambda t: _grants(t, lambda x: _left(t, x["createdBy"]["id"])),
    "password_policy_contractors": lambda t: _password_policies(t, "Contractors"),
    "password_policies_in_detail": _password_policies,
    "yubikeys_unassigned": lambda t: [
        (x["profile"]["serial"],) for x in t.families["yubikeys"] if x["status"] == "UNASSIGNED"
    ],
    "blocked_zone_ranges_live": _zone_ranges,
    "locked_out_now": lambda t: t.people(lambda u: u["status"] == "LOCKED_OUT"),
    "suspended_now": lambda t: t.people(lambda u: u["status"] == "SUSPENDED"),
    "active_contractors_now": lambda t: t.people(lambda u: u["status"] == "ACTIVE" and _contractor(u)),
    "active_number_now": lambda t: [(len(t.people(lambda u: u["status"] == "ACTIVE")),)],
    "by_status_now": lambda t: counted(u["status"] for u in t.users.values()),
    "finance_without_resistant_now": lambda t: _people_by_types(
        t, t.in_group("Finance"), lambda types: not types & _PHISHING_RESISTANT
    ),
    "finance_without_resistant_number_now": lambda t: _numbers(
        _people_by_types(t, t.in_group("Finance"), lambda types: not types & _PHISHING_RESISTANT)
    ),
    "no_factor_now": lambda t: _people_by_types(t, lambda _: True, lambda types: not types),
    "active_only_sms_second_now": lambda t: _people_by_types(
        t, lambda u: u["status"] == "ACTIVE", lambda types: "sms" in types and types <= {"sms", "email"}
    ),
    "active_with_factors_now": lambda t: _with_types(t, lambda u: u["status"] == "ACTIVE"),
    "factors_of_carmen_now": lambda t: _factors_of(t, "Carmen", "Iglesias"),
    "super_admins_group_now": lambda t: t.people(t.in_group("sso-super-admins")),
    "super_admins_group_with_all_now": lambda t: _with_groups_and_apps(t, t.in_group("sso-super-admins")),
    "recent_with_all_now": lambda t: _with_groups_and_apps(t, _recent(t)),
    "role_assignments_now": _assignments,
    "super_admins_now": lambda t: _assignments(t, lambda line: line["type"] == "SUPER_ADMIN"),
    "group_owners_finance": lambda t: [
        (line["displayName"],) for line in t.families["group_owners"] if line["group_id"] == t.group("Finance")
    ],
    "refresh_tokens_by_app": lambda t: counted(t.apps[x["app_id"]]["label"] for x in t.families["refresh_tokens"]),
    "groups_of_imani_now": lambda t: [
        (t.groups[g]["profile"]["name"],) for g in t.groups_of[t.person("Imani", "Okoye")]
    ],
    "apps_of_imani_now": lambda t: [(t.apps[a]["label"],) for a in t.opens[t.person("Imani", "Okoye")]],
    "suspended_devices_now": lambda t: [
        (d["profile"]["displayName"],) for d in t.families["devices"] if d["status"] == "SUSPENDED"
    ],
}
