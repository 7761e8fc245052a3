"""What can be said of people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from evaluation.compositions.clauses import SEVERAL, Maker, Phrase
from evaluation.records import Records, moment, p

Head = tuple[str, Callable[[Records, str], bool]]


def _status(*statuses: str) -> Callable[[Records, str], bool]:
    return lambda t, i: t.users[i]["status"] in statuses


def _type(*types: str) -> Callable[[Records, str], bool]:
    return lambda t, i: p(t.users[i])["userType"] in types


HEADS: Sequence[Head] = (
    ("users", lambda t, i: True),
    ("people", lambda t, i: True),
    ("accounts", lambda t, i: True),
    ("active accounts", _status("ACTIVE")),
    ("contractors", _type("Contractor")),
    ("service accounts", _type("Service")),
    ("suspended or locked out users", _status("SUSPENDED", "LOCKED_OUT")),
    ("active employees", lambda t, i: _status("ACTIVE")(t, i) and _type("Employee")(t, i)),
    ("deprovisioned people", _status("DEPROVISIONED")),
    ("privileged users", lambda t, i: p(t.users[i]).get("isPrivileged") is True),
)
EXCEPTIONS: Sequence[Head] = (
    ("contractors", _type("Contractor")),
    ("employees", _type("Employee")),
    ("service accounts", _type("Service")),
    ("suspended users", _status("SUSPENDED")),
)


def quoted(name: str) -> str:
    """The name in quotes that it does not hold itself."""
    return f'"{name}"' if '"' not in name else f"`{name}`"


def some_value(random: Random, t: Records, attribute: str) -> str:
    """A value that somebody's profile has."""
    return str(random.choice(sorted({p(u)[attribute] for u in t.users.values() if p(u).get(attribute)})))


def some_login(random: Random, t: Records) -> tuple[str, str]:
    """Somebody's id and login."""
    person = random.choice(sorted(t.users))
    return person, str(p(t.users[person])["login"])


def _department(random: Random, t: Records) -> Phrase:
    name = some_value(random, t, "department")
    return Phrase(
        random.choice((f"in the {name} department", f"whose department is {name}", f"with department {name}")),
        random.choice((f"who are not in the {name} department", f"whose department is not {name}")),
        lambda i: p(t.users[i]).get("department") == name,
        bare=f"in the {name} department",
    )


def _city(random: Random, t: Records) -> Phrase:
    name = some_value(random, t, "city")
    return Phrase(
        random.choice((f"based in {name}", f"whose city is {name}")),
        f"whose city is not {name}",
        lambda i: p(t.users[i]).get("city") == name,
        bare=f"based in {name}",
    )


def _type_of_user(random: Random, t: Records) -> Phrase:
    name = some_value(random, t, "userType")
    return Phrase(
        f"whose user type is {name}",
        f"whose user type is not {name}",
        lambda i: p(t.users[i]).get("userType") == name,
    )


def _missing(random: Random, t: Records) -> Phrase:
    words, attribute = random.choice(
        (("mobile phone", "mobilePhone"), ("department", "department"), ("manager", "managerId"))
    )
    return Phrase(f"without a {words}", f"with a {words}", lambda i: not p(t.users[i]).get(attribute))


def _title(random: Random, t: Records) -> Phrase:
    word = random.choice(("engineer", "manager", "analyst", "lead"))
    return Phrase(
        f"whose title contains '{word}'",
        f"whose title does not contain '{word}'",
        lambda i: word in (p(t.users[i]).get("title") or "").lower(),
    )


def _group(random: Random, t: Records) -> Phrase:
    group = random.choice(sorted(t.groups))
    name = quoted(t.groups[group]["profile"]["name"])
    return Phrase(
        random.choice((f"in the group {name}", f"who belong to the group {name}", f"who are members of {name}")),
        f"who are not in the group {name}",
        lambda i: group in t.groups_of[i],
        bare=f"in the group {name}",
    )


def _number_of_groups(random: Random, t: Records) -> Phrase:
    number = random.randint(3, 8)
    return Phrase(
        random.choice((f"with more than {number} groups", f"in at least {number + 1} groups")),
        f"with at most {number} groups",
        lambda i: len(t.groups_of[i]) > number,
    )


def _application(random: Random, t: Records) -> Phrase:
    app = random.choice(sorted(t.apps))
    name = quoted(t.apps[app]["label"])
    return Phrase(
        random.choice((f"who can open {name}", f"with access to {name}", f"assigned to the app {name}")),
        random.choice((f"who cannot open {name}", f"who have no access to {name}", f"without access to {name}")),
        lambda i: app in t.opens[i],
        opens=app,
    )


def _number_of_applications(random: Random, t: Records) -> Phrase:
    number = random.randint(2, 20)
    return Phrase(
        f"with access to more than {number} apps",
        f"with access to at most {number} apps",
        lambda i: len(t.opens[i]) > number,
    )


def _signed_in(random: Random, t: Records) -> Phrase:
    days = random.choice((1, 7, 30, 60, 90, 180))
    return Phrase(
        random.choice((f"who logged in in the last {days} days", f"who have signed in within the past {days} days")),
        random.choice((f"who have not signed in for {days} days", f"who haven't logged in in the last {days} days")),
        lambda i: t.signed_in_since(t.users[i], t.now - timedelta(days=days)),
    )


def _never(random: Random, t: Records) -> Phrase:
    return Phrase("who never logged in", "who have logged in", lambda i: t.users[i]["lastLogin"] is None)


def _created(random: Random, t: Records) -> Phrase:
    year = random.randint(2019, 2026)
    return Phrase(
        random.choice((f"created before {year}-01-01", f"whose creation date is before {year}-01-01")),
        f"who were not created before {year}-01-01",
        lambda i: t.users[i]["created"] < f"{year}-01-01",
    )


def _created_in(random: Random, t: Records) -> Phrase:
    year = random.randint(2019, 2026)
    return Phrase(
        random.choice((f"created in {year}", f"created between {year}-01-01 and {year}-12-31")),
        f"who were not created in {year}",
        lambda i: t.users[i]["created"].startswith(str(year)),
    )


def _password(random: Random, t: Records) -> Phrase:
    days = random.choice((30, 90, 180, 365))

    def changed(person: str) -> bool:
        when = t.users[person]["passwordChanged"]
        return when is not None and moment(when) >= t.now - timedelta(days=days)

    return Phrase(
        f"who changed their password in the last {days} days",
        f"who have not changed their password in the last {days} days",
        changed,
    )


def _manager(random: Random, t: Records) -> Phrase:
    boss = random.choice(sorted(t.reports_of))
    login = p(t.users[boss])["login"]
    return Phrase(
        random.choice((f"who report to {login}", f"whose manager is {login}", f"managed by {login}")),
        f"who do not report to {login}",
        lambda i: i in t.reports_of[boss],
    )


def _factor(random: Random, t: Records) -> Phrase:
    words, kind = random.choice(
        (("SMS", "sms"), ("WebAuthn", "webauthn"), ("push", "push"), ("FastPass", "signed_nonce"))
    )

    def enrolled(person: str) -> bool | None:
        types = t.factors_of[person]
        return None if types is None else kind in types

    return Phrase(f"with {words}", f"without {words}", enrolled)


def _any_factor(random: Random, t: Records) -> Phrase:
    def none(person: str) -> bool | None:
        types = t.factors_of[person]
        return None if types is None else not types

    return Phrase("without any factor", "with a factor", none)


def _only_factor(random: Random, t: Records) -> Phrase:
    words, kind = random.choice((("SMS", "sms"), ("push", "push"), ("WebAuthn", "webauthn")))

    def only(person: str) -> bool | None:
        types = t.factors_of[person]
        return None if types is None else types == {kind}

    return Phrase(f"with only {words}", f"not (with only {words})", only, is_last=True)


def _role(random: Random, t: Records) -> Phrase:
    words, role = random.choice(
        (("Super Administrator", "SUPER_ADMIN"), ("Read-only Administrator", "READ_ONLY_ADMIN"))
    )
    return Phrase(f"with the {words} role", f"without the {words} role", lambda i: role in t.roles_of[i])


def _members_of_groups_that_give(random: Random, t: Records) -> Phrase:
    app = random.choice(sorted({line["app_id"] for line in t.families["app_groups"]}))
    giving = {line["group_id"] for line in t.families["app_groups"] if line["app_id"] == app}
    name = quoted(t.apps[app]["label"])
    return Phrase(
        random.choice((f"who belong to groups that give access to {name}", f"in groups that give access to {name}")),
        f"who are not in a group that gives access to {name}",
        lambda i: bool(t.groups_of[i] & giving),
        is_last=True,
    )


def _in_groups_of_a_size(random: Random, t: Records) -> Phrase:
    number = random.choice((5, 20, 50, 100))
    large = {group for group in t.groups if len(t.members_of[group]) > number}
    return Phrase(
        f"who belong to groups with more than {number} members",
        f"who belong to no group with more than {number} members",
        lambda i: bool(t.groups_of[i] & large),
        is_last=True,
    )


def _applications_of_a_kind(random: Random, t: Records) -> Phrase:
    words, fits = random.choice(_APPS)
    apps = {i for i, app in t.apps.items() if fits(app)}
    return Phrase(
        f"who can open {words}",
        f"who cannot open {words}",
        lambda i: bool(t.opens[i] & apps),
        is_last=True,
        opens=SEVERAL,
    )


_APPS: Sequence[tuple[str, Callable[[dict[str, Any]], bool]]] = (
    ("SAML apps", lambda a: a["signOnMode"] == "SAML_2_0"),
    ("OIDC apps", lambda a: a["signOnMode"] == "OPENID_CONNECT"),
    ("inactive apps", lambda a: a["status"] == "INACTIVE"),
)


def _device(random: Random, t: Records) -> Phrase:
    words, fits = random.choice(_DEVICES)
    devices = {i for i, device in t.devices.items() if fits(device)}
    return Phrase(
        random.choice((f"who own a {words}", f"with a {words}")),
        random.choice((f"who do not own a {words}", f"without a {words}")),
        lambda i: bool(t.devices_of[i] & devices),
        is_last=True,
    )


_DEVICES: Sequence[tuple[str, Callable[[dict[str, Any]], bool]]] = (
    ("device", lambda d: True),
    ("suspended device", lambda d: d["status"] == "SUSPENDED"),
    ("macOS device", lambda d: d["profile"]["platform"] == "MACOS"),
    ("Windows device", lambda d: d["profile"]["platform"] == "WINDOWS"),
)


def _manager_of_a_kind(random: Random, t: Records) -> Phrase:
    words, statuses = random.choice((("deprovisioned", ("DEPROVISIONED",)), ("suspended", ("SUSPENDED",))))
    bosses = {boss for boss in t.reports_of if t.users[boss]["status"] in statuses}
    return Phrase(
        random.choice((f"whose manager is {words}", f"who report to {words} people")),
        f"who do not report to {words} people",
        lambda i: p(t.users[i]).get("managerId") in bosses,
        is_last=True,
    )


PHRASES: Sequence[Maker] = (
    _department,
    _department,
    _city,
    _type_of_user,
    _missing,
    _title,
    _group,
    _group,
    _number_of_groups,
    _application,
    _application,
    _number_of_applications,
    _signed_in,
    _signed_in,
    _never,
    _created,
    _created_in,
    _password,
    _manager,
    _factor,
    _factor,
    _any_factor,
    _only_factor,
    _role,
    _members_of_groups_that_give,
    _in_groups_of_a_size,
    _applications_of_a_kind,
    _device,
    _manager_of_a_kind,
)
