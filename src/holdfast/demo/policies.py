"""The demo company's policies, their rules, and the network zones they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from holdfast.demo.cast import group_id, person_id
from holdfast.demo.records import Record, okta_id, stamp_seconds

POLICY_TYPES = ("OKTA_SIGN_ON", "PASSWORD", "MFA_ENROLL", "ACCESS_POLICY", "PROFILE_ENROLLMENT", "IDP_DISCOVERY")
_DAY = 86_400
_RULE_TYPES = {"OKTA_SIGN_ON": "SIGN_ON"}
# Okta gives policies of its newer engine ids that begin with `rst`, their rules `rul`.
_NEW_ENGINE = frozenset({"ACCESS_POLICY", "PROFILE_ENROLLMENT"})


@dataclass(frozen=True)
class _Rule:
    """One rule. People and zones are named here and become ids in the record."""

    name: str
    actions: Record
    groups: tuple[str, ...] = ()
    without_groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    without_users: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    without_zones: tuple[str, ...] = ()
    status: str = "ACTIVE"


@dataclass(frozen=True)
class _Policy:
    kind: str
    name: str
    description: str
    rules: tuple[_Rule, ...]
    groups: tuple[str, ...] = ()
    settings: Record = field(default_factory=dict)
    status: str = "ACTIVE"
    system: bool = False


def access_policy_id(seed: int, name: str) -> str:
    """The id of the access policy called `name`."""
    return okta_id("rst", seed, "policy", "ACCESS_POLICY", name)


def _sign_on(access: str, *, factor: bool = True, minutes: int = 120) -> Record:
    session = {"usePersistentCookie": False, "maxSessionIdleMinutes": minutes, "maxSessionLifetimeMinutes": 720}
    return {"signon": {"access": access, "requireFactor": factor, "session": session}}


def _app_sign_on(access: str, factors: str, *, resistant: bool = False) -> Record:
    possession = {"phishingResistant": "REQUIRED"} if resistant else {}
    constraints = [{"possession": possession}] if factors == "2FA" else [{"knowledge": {"types": ["password"]}}]
    method = {"type": "ASSURANCE", "factorMode": factors, "reauthenticateIn": "PT2H", "constraints": constraints}
    return {"appSignOn": {"access": access, "verificationMethod": method}}


def _password(age_days: int, length: int, history: int) -> Record:
    return {
        "password": {
            "complexity": {"minLength": length, "minLowerCase": 1, "minUpperCase": 1, "minNumber": 1, "minSymbol": 0},
            "age": {"maxAgeDays": age_days, "expireWarnDays": 14, "minAgeMinutes": 0, "historyCount": history},
            "lockout": {"maxAttempts": 5, "autoUnlockMinutes": 30, "showLockoutFailures": True},
        }
    }


_CHANGE_PASSWORD: Record = {
    "passwordChange": {"access": "ALLOW"},
    "selfServicePasswordReset": {"access": "ALLOW"},
    "selfServiceUnlock": {"access": "DENY"},
}
_ENROLL: Record = {"enroll": {"self": "CHALLENGE"}}
_DENY = _app_sign_on("DENY", "1FA")

_POLICIES: tuple[_Policy, ...] = (
    _Policy(
        "OKTA_SIGN_ON",
        "Contractors",
        "Short sessions for people from outside",
        (
            _Rule("No sign-in from anonymisers", _sign_on("DENY"), zones=("Anonymisers",)),
            _Rule("Offices", _sign_on("ALLOW", minutes=60), zones=("Offices",), without_users=("sms_only",)),
            _Rule("Anywhere else", _sign_on("ALLOW", minutes=30)),
        ),
        groups=("Contractors",),
    ),
    _Policy(
        "OKTA_SIGN_ON",
        "Default Policy",
        "The default policy applies in all situations if no other policy applies.",
        (_Rule("Default Rule", _sign_on("ALLOW", factor=False)),),
        groups=("Everyone",),
        system=True,
    ),
    _Policy(
        "PASSWORD",
        "Contractor passwords",
        "Longer, and changed more often",
        (_Rule("Change and reset", _CHANGE_PASSWORD, zones=("Offices",)),),
        groups=("Contractors",),
        settings=_password(60, 14, 12),
    ),
    _Policy(
        "PASSWORD",
        "Default Policy",
        "The default policy applies in all situations if no other policy applies.",
        (_Rule("Default Rule", _CHANGE_PASSWORD),),
        groups=("Everyone",),
        settings=_password(0, 10, 4),
        system=True,
    ),
    _Policy(
        "MFA_ENROLL",
        "Administrators",
        "WebAuthn is required of everyone who can change the tenant",
        (_Rule("Enrol at sign-in", _ENROLL, without_groups=("mfa-exempt",)),),
        groups=("sso-super-admins", "IT"),
    ),
    _Policy(
        "MFA_ENROLL",
        "Default Policy",
        "The default policy applies in all situations if no other policy applies.",
        (_Rule("Default Rule", _ENROLL),),
        groups=("Everyone",),
        system=True,
    ),
    _Policy(
        "ACCESS_POLICY",
        "Any two factors",
        "Most applications",
        (
            _Rule("Blocked networks", _DENY, zones=("Anonymisers",)),
            _Rule("Catch-all Rule", _app_sign_on("ALLOW", "2FA")),
        ),
        system=True,
    ),
    _Policy(
        "ACCESS_POLICY",
        "Phishing resistant",
        "Money, people and production",
        (
            _Rule(
                "Super administrators from the office",
                _app_sign_on("ALLOW", "2FA", resistant=True),
                groups=("sso-super-admins",),
                users=("super_admin",),
                zones=("Offices",),
            ),
            _Rule("No interns", _DENY, groups=("Interns",), status="INACTIVE"),
            _Rule("Catch-all Rule", _app_sign_on("ALLOW", "2FA", resistant=True)),
        ),
    ),
    _Policy(
        "ACCESS_POLICY",
        "Password only",
        "Applications that nobody has moved yet",
        (
            _Rule("Outside the offices", _app_sign_on("ALLOW", "2FA"), without_zones=("Offices",)),
            _Rule("Catch-all Rule", _app_sign_on("ALLOW", "1FA")),
        ),
    ),
    _Policy("ACCESS_POLICY", "Retired", "No application uses it", (_Rule("Catch-all Rule", _DENY),), status="INACTIVE"),
    _Policy(
        "PROFILE_ENROLLMENT",
        "Default Policy",
        "Nobody registers by themselves",
        (_Rule("Catch-all Rule", {"profileEnrollment": {"access": "DENY", "unknownUserAction": "DENY"}}),),
        system=True,
    ),
    _Policy(
        "IDP_DISCOVERY",
        "Idp Discovery Policy",
        "Which identity provider a person is sent to",
        (_Rule("Default Rule", {"idp": {"providers": [], "idpSelectionType": "SPECIFIC"}}),),
        system=True,
    ),
)

_ZONES: tuple[tuple[str, Record], ...] = (
    ("LegacyIpZone", {"type": "IP", "usage": "POLICY", "system": True, "gateways": [], "proxies": []}),
    (
        "BlockedIpZone",
        {
            "type": "IP",
            "usage": "BLOCKLIST",
            "system": True,
            "gateways": [
                {"type": "CIDR", "value": "203.0.113.0/24"},
                {"type": "RANGE", "value": "198.51.100.7-198.51.100.19"},
            ],
            "proxies": [],
        },
    ),
    (
        "Offices",
        {
            "type": "IP",
            "usage": "POLICY",
            "system": False,
            "gateways": [
                {"type": "CIDR", "value": "192.0.2.0/25"},
                {"type": "RANGE", "value": "192.0.2.200-192.0.2.210"},
            ],
            "proxies": [{"type": "CIDR", "value": "192.0.2.250/32"}],
        },
    ),
    (
        "Anonymisers",
        {"type": "DYNAMIC", "usage": "BLOCKLIST", "system": False, "proxyType": "Tor", "asns": None, "locations": None},
    ),
    (
        "Old data centre",
        {
            "type": "IP",
            "usage": "POLICY",
            "system": False,
            "status": "INACTIVE",
            "gateways": [{"type": "CIDR", "value": "198.51.100.128/25"}],
            "proxies": None,
        },
    ),
)


@dataclass(frozen=True)
class PolicyFamily:
    """Policies by id, rules by policy in priority order, zones by id."""

    policies: dict[str, Record]
    rules: dict[str, tuple[Record, ...]]
    zones: dict[str, Record]


def make_policies(seed: int, now: datetime) -> PolicyFamily:
    """All policies, rules and zones of the company; they do not depend on its size."""
    random = Random(f"{seed}/policies")
    zones = {zone_id(seed, name): _zone(seed, name, facts, _dates(random, now)) for name, facts in _ZONES}
    policies: dict[str, Record] = {}
    rules: dict[str, tuple[Record, ...]] = {}
    priorities: dict[str, int] = {}
    for plan in _POLICIES:
        priorities[plan.kind] = priorities.get(plan.kind, 0) + 1
        policy = _policy(seed, plan, priorities[plan.kind], _dates(random, now))
        policies[policy["id"]] = policy
        rules[policy["id"]] = tuple(_rules(seed, plan, random, now))
    return PolicyFamily(dict(sorted(policies.items())), dict(sorted(rules.items())), dict(sorted(zones.items())))


def _dates(random: Random, now: datetime) -> Record:
    created = now.timestamp() - random.uniform(100, 2500) * _DAY
    return {
        "created": stamp_seconds(created),
        "lastUpdated": stamp_seconds(random.uniform(created, now.timestamp())),
    }


def zone_id(seed: int, name: str) -> str:
    """The id of the network zone called `name`."""
    return okta_id("nzo", seed, "zone", name)


def _zone(seed: int, name: str, facts: Record, dates: Record) -> Record:
    return {"id": zone_id(seed, name), "name": name, "status": "ACTIVE", **dates, **facts}


def _policy(seed: int, plan: _Policy, priority: int, dates: Record) -> Record:
    prefix = "rst" if plan.kind in _NEW_ENGINE else "00p"
    people = {"groups": {"include": [group_id(seed, name) for name in plan.groups]}} if plan.groups else None
    policy: Record = {
        "id": okta_id(prefix, seed, "policy", plan.kind, plan.name),
        "type": plan.kind,
        "name": plan.name,
        "description": plan.description,
        "status": plan.status,
        "priority": priority,
        "system": plan.system,
        "conditions": {"people": people} if people else None,
        **dates,
    }
    if plan.settings:
        policy["settings"] = plan.settings
    return policy


def _rules(seed: int, plan: _Policy, random: Random, now: datetime) -> Iterator[Record]:
    prefix = "rul" if plan.kind in _NEW_ENGINE else "0pr"
    for place, rule in enumerate(plan.rules):
        last = place == len(plan.rules) - 1
        yield {
            "id": okta_id(prefix, seed, "policy rule", plan.kind, plan.name, rule.name),
            "type": _RULE_TYPES.get(plan.kind, plan.kind),
            "name": rule.name,
            "status": rule.status,
            # Catch-all rules come after every other one, whatever their number.
            "priority": 99 if last and rule.name == "Catch-all Rule" else place + 1,
            "system": last and rule.name in {"Catch-all Rule", "Default Rule"},
            "conditions": _conditions(seed, rule),
            "actions": rule.actions,
            **_dates(random, now),
        }


def _conditions(seed: int, rule: _Rule) -> Record | None:
    def ids(names: tuple[str, ...], groups: bool) -> list[str]:
        return [group_id(seed, name) if groups else person_id(seed, name) for name in names]

    conditions: Record = {}
    people: Record = {}
    if rule.users or rule.without_users:
        people["users"] = _sides(ids(rule.users, False), ids(rule.without_users, False))
    if rule.groups or rule.without_groups:
        people["groups"] = _sides(ids(rule.groups, True), ids(rule.without_groups, True))
    if people:
        conditions["people"] = people
    zones = _sides([zone_id(seed, z) for z in rule.zones], [zone_id(seed, z) for z in rule.without_zones])
    if zones:
        conditions["network"] = {"connection": "ZONE", **zones}
    return conditions or None


def _sides(include: list[str], exclude: list[str]) -> Record:
    return {side: ids for side, ids in (("include", include), ("exclude", exclude)) if ids}
