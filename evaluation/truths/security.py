"""Factors, admin roles, devices, policies: what is true of them, in plain Python over the export.

Where a read failed for somebody who may be meant, the truth has that row too, marked "unknown".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from evaluation.records import Record, Records, Rows, counted, day, moment, p

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
    "count_phishable": lambda t: _numbers(_by_factors(t, lambda types: not types & _PHISHING_RESISTANT)),
}
