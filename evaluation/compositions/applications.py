"""What can be said of applications."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from evaluation.compositions.clauses import SEVERAL, Maker, Phrase
from evaluation.compositions.people import Head, quoted, some_login
from evaluation.records import Records, p

HEADS: Sequence[Head] = (
    ("apps", lambda t, i: True),
    ("applications", lambda t, i: True),
    ("active apps", lambda t, i: t.apps[i]["status"] == "ACTIVE"),
    ("inactive applications", lambda t, i: t.apps[i]["status"] == "INACTIVE"),
    ("SAML apps", lambda t, i: t.apps[i]["signOnMode"] == "SAML_2_0"),
    ("OIDC apps", lambda t, i: t.apps[i]["signOnMode"] == "OPENID_CONNECT"),
)


def _size(random: Random, t: Records) -> Phrase:
    number = random.choice((0, 5, 20, 100))
    return Phrase(
        random.choice((f"with more than {number} users", f"assigned to at least {number + 1} people")),
        f"with at most {number} users",
        lambda i: t.opened_by(i) > number,
    )


def _unused(random: Random, t: Records) -> Phrase:
    return Phrase("with nobody assigned", "with users", lambda i: t.opened_by(i) == 0)


def _given_by(random: Random, t: Records) -> Phrase:
    group = random.choice(sorted({line["group_id"] for line in t.families["app_groups"]}))
    name = quoted(t.groups[group]["profile"]["name"])
    given = {line["app_id"] for line in t.families["app_groups"] if line["group_id"] == group}
    return Phrase(f"assigned to the group {name}", f"not assigned to the group {name}", lambda i: i in given)


def _without_groups(random: Random, t: Records) -> Phrase:
    given = {line["app_id"] for line in t.families["app_groups"]}
    return Phrase("without groups", "with groups", lambda i: i not in given)


def _opened_by(random: Random, t: Records) -> Phrase:
    person, login = some_login(random, t)
    return Phrase(f"available to {login}", f"not available to {login}", lambda i: i in t.opens[person], opens=person)


def _opened_by_a_kind(random: Random, t: Records) -> Phrase:
    words, kind = random.choice((("contractors", "Contractor"), ("service accounts", "Service")))
    opened = {app for i, apps in t.opens.items() if p(t.users[i])["userType"] == kind for app in apps}
    return Phrase(
        f"that {words} can open", f"that {words} cannot open", lambda i: i in opened, is_last=True, opens=SEVERAL
    )


def _created(random: Random, t: Records) -> Phrase:
    year = random.randint(2022, 2026)
    return Phrase(
        f"created before {year}-01-01",
        f"that were not created before {year}-01-01",
        lambda i: t.apps[i]["created"] < f"{year}-01-01",
    )


def _label(random: Random, t: Records) -> Phrase:
    word = random.choice(("work", "hub", "portal", "s"))
    return Phrase(
        f"whose name contains '{word}'",
        f"whose name does not contain '{word}'",
        lambda i: word in t.apps[i]["label"].lower(),
    )


PHRASES: Sequence[Maker] = (
    _size,
    _unused,
    _given_by,
    _without_groups,
    _opened_by,
    _opened_by_a_kind,
    _created,
    _label,
)
