"""Factors, admin roles, devices, policies: what is true of them, in plain Python over the export.

Where a read failed for somebody who may be meant, the truth has that row too, marked "unknown".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from evaluation.records import Record, Records, Rows, counted, day, moment, one, p

_PHISHING_RESISTANT = {"webauthn", "signed_nonce"}
Types = Callable[[set[str]], bool]
Fits = Callable[[Record], bool]


def _everybody(_: Record) -> bool:
    return True


def _by_factors(t: Records, fits: Types, who: Fits = _everybody) -> Rows:
    """(login, yes or unknown) of those whose types of factor fit, or may."""
    for user in t.users.values():
        types = t.factors_of[user["id"]]
        if who(user) and (types is None or fits(types)):
            yield p(user)["login"], "unknown" if types is None else "yes"


def _numbers(rows: Rows) -> Rows:
    """How many fit, and of how many it is unknown."""
    marks = [row[1] for row in rows]
    return [(marks.count("yes"), marks.count("unknown"))]


def _factors(t: Records, who: Fits, fits: Fits = _everybody) -> list[Record]:
    """The factor records of some people."""
    lines = t.families["factors"]
    return [x for x in lines if not x.get("unreadable") and who(t.users[x["user_id"]]) and fits(x)]


def _by_records(t: Records, fits: Fits, who: Fits = _everybody) -> Rows:
    """(login, yes or unknown) of those with a factor record that fits, or maybe."""
    having = {x["user_id"] for x in _factors(t, who, fits)}
    for user in t.users.values():
        if who(user) and (user["id"] in having or t.factors_of[user["id"]] is None):
            yield p(user)["login"], "yes" if user["id"] in having else "unknown"


def _number_of_factors(t: Records, fits: Callable[[int], bool], who: Fits = _everybody) -> Rows:
    numbers = Counter(x["user_id"] for x in _factors(t, who))
    for user in t.users.values():
        unknown = t.factors_of[user["id"]] is None
        if who(user) and (unknown or fits(numbers[user["id"]])):
            yield p(user)["login"], "unknown" if unknown else "yes"


def _devices(t: Records, fits: Fits) -> Rows:
    return [(d["profile"]["displayName"],) for d in t.families["devices"] if fits(d)]


def _owners(t: Records) -> Mapping[str, set[str]]:
    """Device id → ids of the people who use it."""
    found: dict[str, set[str]] = defaultdict(set)
    for use in t.families["device_users"]:
        found[use["device_id"]].add(use["user_id"])
    return found


def _owning(t: Records, fits: Fits, at_least: int = 1, who: Fits = _everybody) -> Rows:
    """Logins of those who use so many devices that fit."""
    owners = _owners(t)
    numbers = Counter(user for d in t.families["devices"] if fits(d) for user in owners[d["id"]])
    return t.people(lambda u: who(u) and numbers[u["id"]] >= at_least)


def _managed(t: Records, status: str) -> set[str]:
    return {x["device_id"] for x in t.families["device_users"] if x["management_status"] == status}


def _policies(t: Records, fits: Fits) -> Rows:
    return [(x["name"], x["type"]) for x in t.families["policies"] if fits(x)]


def _rules(t: Records, fits: Fits, policy: Fits = _everybody) -> Rows:
    """(rule, policy) in the order in which each policy tries its rules."""
    policies = {x["id"]: x for x in t.families["policies"]}
    lines = [x for x in t.families["policy_rules"] if fits(x) and policy(policies[x["policy_id"]])]
    found = [(policies[x["policy_id"]], x) for x in lines]
    found.sort(key=lambda pair: (pair[0]["type"], pair[0]["name"], pair[1]["priority"]))
    return [(rule["name"], of["name"]) for of, rule in found]


def _requires_mfa(rule: Record) -> bool:
    actions = rule["actions"]
    method = actions.get("appSignOn", {}).get("verificationMethod", {})
    return method.get("factorMode") == "2FA" or actions.get("signon", {}).get("requireFactor") is True


def _access(rule: Record) -> str | None:
    actions = rule["actions"]
    access = actions.get("signon", {}).get("access") or actions.get("appSignOn", {}).get("access")
    return str(access) if access else None


def _zones_of(rule: Record) -> set[str]:
    network = (rule["conditions"] or {}).get("network") or {}
    return {*network.get("include", ()), *network.get("exclude", ())}


def _zone(t: Records, name: str) -> str:
    return one(z["id"] for z in t.families["zones"] if z["name"] == name)


def _zones(t: Records, fits: Fits) -> Rows:
    return [(z["name"],) for z in t.families["zones"] if fits(z)]


def _policy_of(app: Record) -> str:
    return str(app["_links"].get("accessPolicy", {}).get("href", "")).rsplit("/", 1)[-1]


def _groups_of(policy: Record) -> list[str]:
    people = (policy["conditions"] or {}).get("people") or {}
    return list((people.get("groups") or {}).get("include", ()))


def _governed_by(t: Records, name: str) -> Fits:
    policy = one(x["id"] for x in t.families["policies"] if x["name"] == name and x["type"] == "ACCESS_POLICY")
    return lambda app: _policy_of(app) == policy


def _only_catch_all(t: Records) -> Fits:
    rules: dict[str, list[Record]] = defaultdict(list)
    for x in t.families["policy_rules"]:
        rules[x["policy_id"]].append(x)

    def fits(app: Record) -> bool:
        of_policy = rules[_policy_of(app)]
        return any(r["system"] for r in of_policy) and all(r["system"] or r["status"] == "INACTIVE" for r in of_policy)

    return fits


def _group_rules(t: Records, fits: Fits) -> Rows:
    return [(r["name"],) for r in t.families["group_rules"] if fits(r)]


def _filled(rule: Record) -> list[str]:
    return list(rule["actions"]["assignUserToGroups"]["groupIds"])


def _role_paths(t: Records) -> list[tuple[str, str, str, str]]:
    """(user id, label, type, "directly" or the group's name) of every role that is held."""
    roles = t.families["user_roles"]
    found = [(x["user_id"], x["label"], x["type"], "directly") for x in roles if x["assignmentType"] == "USER"]
    for x in t.families["group_roles"]:
        for user in t.members_of[x["group_id"]]:
            if t.users[user]["status"] != "DEPROVISIONED":
                found.append((user, x["label"], x["type"], t.groups[x["group_id"]]["profile"]["name"]))
    return found


def _login(t: Records, user: str) -> str:
    return str(p(t.users[user])["login"])


def _logins(t: Records, users: Iterable[str]) -> Rows:
    return [(_login(t, user),) for user in set(users)]


def _is_left(t: Records, user: str) -> bool:
    return bool(t.users[user]["status"] == "DEPROVISIONED")


def _granting(t: Records, types: set[str] | None = None) -> Rows:
    lines = [x for x in t.families["group_roles"] if types is None or x["type"] in types]
    return t.group_names(lambda g: any(x["group_id"] == g["id"] for x in lines))


def _named(t: Records, first: str, last: str) -> Fits:
    person = t.person(first, last)
    return lambda user: user["id"] == person


def _department(name: str) -> Fits:
    return lambda user: p(user).get("department") == name


TRUTHS: dict[str, Callable[[Records], Rows]] = {
    "no_factor": lambda t: _by_factors(t, lambda types: not types),
    "webauthn": lambda t: _by_factors(t, lambda types: "webauthn" in types),
    "finance_phishable": lambda t: _by_factors(t, lambda types: not types & _PHISHING_RESISTANT, t.in_group("Finance")),
    "only_sms": lambda t: _by_factors(t, lambda types: types == {"sms"}),
    "only_email": lambda t: _by_factors(t, lambda types: types == {"email"}),
    "no_second_factor": lambda t: _by_factors(t, lambda types: not types - {"email"}),
    "only_push": lambda t: _by_factors(t, lambda types: types == {"push"}),
    "only_sms_second": lambda t: _by_factors(t, lambda types: types - {"email"} == {"sms"}),
    "salesforce_contractors_sms": lambda t: [
        (login, path, "yes")
        for login, path, _ in t.app_paths(
            "Salesforce",
            lambda u: p(u)["userType"] == "Contractor" and (t.factors_of[u["id"]] or set()) - {"email"} == {"sms"},
        )
    ],
    "one_factor": lambda t: _number_of_factors(t, lambda number: number == 1),
    "two_factors": lambda t: _number_of_factors(t, lambda number: number >= 2),
    "one_factor_sales": lambda t: _number_of_factors(t, lambda number: number == 1, _department("Sales")),
    "sms_and_push": lambda t: _by_factors(t, lambda types: {"sms", "push"} <= types),
    "sms_not_webauthn": lambda t: _by_factors(t, lambda types: "sms" in types and "webauthn" not in types),
    "sms_or_push_not_webauthn": lambda t: _by_factors(
        t, lambda types: bool(types & {"sms", "push"}) and "webauthn" not in types
    ),
    "pending_factor": lambda t: _by_records(t, lambda f: f["status"] == "PENDING_ACTIVATION"),
    "yubico_factor": lambda t: _by_records(t, lambda f: f["provider"] == "YUBICO"),
    "enrolled_since_october": lambda t: _by_records(t, lambda f: moment(f["created"]) >= day("2026-10-01")),
    "webauthn_this_year": lambda t: _by_records(
        t, lambda f: f["factorType"] == "webauthn" and moment(f["created"]) >= day("2026-01-01")
    ),
    "finance_active_phishable": lambda t: _by_factors(
        t,
        lambda types: not types & _PHISHING_RESISTANT,
        lambda u: u["status"] == "ACTIVE" and _department("Finance")(u),
    ),
    "super_admins_phishable": lambda t: _by_factors(
        t, lambda types: not types & _PHISHING_RESISTANT, lambda u: "SUPER_ADMIN" in t.roles_of[u["id"]]
    ),
    "unknown_factors": lambda t: t.people(lambda u: t.factors_of[u["id"]] is None),
    "carmen_factors": lambda t: [
        (x["factorType"], x["status"], moment(x["created"]).replace(tzinfo=None))
        for x in _factors(t, _named(t, "Carmen", "Iglesias"))
    ],
    "factors_by_type": lambda t: counted(x["factorType"] for x in _factors(t, _everybody)),
    "factors_by_provider": lambda t: counted(x["provider"] for x in _factors(t, _everybody)),
    "pending_by_type": lambda t: counted(
        x["factorType"] for x in _factors(t, _everybody, lambda f: f["status"] == "PENDING_ACTIVATION")
    ),
    "role_assignments": lambda t: [(_login(t, u), label, path) for u, label, _, path in _role_paths(t)],
    "imani_role_paths": lambda t: [
        (label, path) for u, label, _, path in _role_paths(t) if u == t.person("Imani", "Okoye")
    ],
    "imani_roles": lambda t: {(label,) for u, label, _, path in _role_paths(t) if u == t.person("Imani", "Okoye")},
    "direct_admins": lambda t: _logins(t, (u for u, _, _, path in _role_paths(t) if path == "directly")),
    "group_admins": lambda t: _logins(t, (u for u, _, _, path in _role_paths(t) if path != "directly")),
    "super_admin_paths": lambda t: [
        (_login(t, u), path) for u, _, kind, path in _role_paths(t) if kind == "SUPER_ADMIN"
    ],
    "super_admins_through_group": lambda t: _logins(
        t, (u for u, _, kind, path in _role_paths(t) if kind == "SUPER_ADMIN" and path != "directly")
    ),
    "granting_groups": _granting,
    "super_granting_groups": lambda t: _granting(t, {"SUPER_ADMIN"}),
    "people_per_role": lambda t: counted(label for _, label in {(u, label) for u, label, _, _ in _role_paths(t)}),
    "custom_role_holders": lambda t: _logins(t, (u for u, _, kind, _ in _role_paths(t) if kind == "CUSTOM")),
    "roles_of_left": lambda t: {(label,) for u, label, _, _ in _role_paths(t) if _is_left(t, u)},
    "left_admins": lambda t: _logins(t, (u for u, _, _, _ in _role_paths(t) if _is_left(t, u))),
    "windows_devices": lambda t: _devices(t, lambda d: d["profile"]["platform"] == "WINDOWS"),
    "ownerless_devices": lambda t: _devices(t, lambda d: not _owners(t)[d["id"]]),
    "contractor_macs": lambda t: _devices(
        t,
        lambda d: (
            d["profile"]["platform"] == "MACOS"
            and any(p(t.users[u])["userType"] == "Contractor" for u in _owners(t)[d["id"]])
        ),
    ),
    "managed_devices": lambda t: _devices(t, lambda d: d["id"] in _managed(t, "MANAGED")),
    "unmanaged_devices": lambda t: _devices(t, lambda d: d["id"] in _managed(t, "NOT_MANAGED")),
    "unencrypted_devices": lambda t: _devices(t, lambda d: d["profile"]["diskEncryptionType"] == "NONE"),
    "devices_without_tpm": lambda t: _devices(t, lambda d: d["profile"]["secureHardwarePresent"] is False),
    "mac_owners": lambda t: _owning(t, lambda d: d["profile"]["platform"] == "MACOS"),
    "two_devices": lambda t: _owning(t, _everybody, 2),
    "sales_suspended_device": lambda t: _owning(t, lambda d: d["status"] == "SUSPENDED", who=_department("Sales")),
    "no_device_active": lambda t: t.people(
        lambda u: u["status"] == "ACTIVE" and u["id"] not in {x["user_id"] for x in t.families["device_users"]}
    ),
    "devices_by_platform": lambda t: counted(d["profile"]["platform"] for d in t.families["devices"]),
    "devices_by_status": lambda t: counted(d["status"] for d in t.families["devices"]),
    "active_password_policies": lambda t: _policies(t, lambda x: x["type"] == "PASSWORD" and x["status"] == "ACTIVE"),
    "inactive_policies": lambda t: _policies(t, lambda x: x["status"] == "INACTIVE"),
    "policies_by_type": lambda t: counted(x["type"] for x in t.families["policies"]),
    "salesforce_policy": lambda t: _policies(t, lambda x: x["id"] == _policy_of(t.apps[t.app("Salesforce")])),
    "contractor_policies": lambda t: _policies(t, lambda x: t.group("Contractors") in _groups_of(x)),
    "idle_access_policies": lambda t: _policies(
        t, lambda x: x["type"] == "ACCESS_POLICY" and x["id"] not in {_policy_of(a) for a in t.apps.values()}
    ),
    "phishing_policy_rules": lambda t: _rules(t, _everybody, lambda x: x["name"] == "Phishing resistant"),
    "sign_on_rules": lambda t: _rules(t, _everybody, lambda x: x["type"] == "OKTA_SIGN_ON"),
    "denying_rules": lambda t: _rules(t, lambda r: _access(r) == "DENY"),
    "inactive_rules": lambda t: _rules(t, lambda r: r["status"] == "INACTIVE"),
    "rules_without_mfa": lambda t: _rules(t, lambda r: _access(r) == "ALLOW" and not _requires_mfa(r)),
    "rules_with_mfa": lambda t: _rules(t, _requires_mfa),
    "office_rules": lambda t: _rules(t, lambda r: _zone(t, "Offices") in _zones_of(r)),
    "unused_zones": lambda t: _zones(
        t, lambda z: z["id"] not in {i for r in t.families["policy_rules"] for i in _zones_of(r)}
    ),
    "blocked_zones": lambda t: _zones(t, lambda z: z["usage"] == "BLOCKLIST"),
    "blocked_ranges": lambda t: [
        (z["name"], [g["value"] for g in z.get("gateways") or ()])
        for z in t.families["zones"]
        if z["usage"] == "BLOCKLIST"
    ],
    "inactive_zones": lambda t: _zones(t, lambda z: z["status"] == "INACTIVE"),
    "password_only_apps": lambda t: t.app_labels(_governed_by(t, "Password only")),
    "only_catch_all_apps": lambda t: t.app_labels(_only_catch_all(t)),
    "apps_without_policy": lambda t: t.app_labels(lambda a: not _policy_of(a)),
    "provisioned_apps": lambda t: t.app_labels(lambda a: any(f.startswith("PUSH_") for f in a["features"])),
    "saml_unprovisioned": lambda t: t.app_labels(
        lambda a: a["signOnMode"] == "SAML_2_0" and not any(f.startswith("PUSH_") for f in a["features"])
    ),
    "apps_this_year": lambda t: t.app_labels(lambda a: moment(a["created"]) >= day("2026-01-01")),
    "portal_apps": lambda t: t.app_labels(lambda a: "portal" in a["label"].lower()),
    "inactive_group_rules": lambda t: _group_rules(t, lambda r: r["status"] == "INACTIVE"),
    "broken_group_rules": lambda t: _group_rules(t, lambda r: r["status"] == "INVALID"),
    "rules_filling_sales": lambda t: _group_rules(t, lambda r: t.group("Sales") in _filled(r)),
    "rules_filling_platform": lambda t: _group_rules(t, lambda r: t.group("Eng-Platform") in _filled(r)),
    "groups_of_paused_rules": lambda t: t.group_names(
        lambda g: any(g["id"] in _filled(r) for r in t.families["group_rules"] if r["status"] == "INACTIVE")
    ),
    "luis_groups": lambda t: [
        (g["profile"]["name"], g["profile"]["description"] or None)
        for g in t.groups.values()
        if g["id"] in t.groups_of[t.person("Luis", "Ortega")]
    ],
    "count_phishable": lambda t: _numbers(_by_factors(t, lambda types: not types & _PHISHING_RESISTANT)),
}
