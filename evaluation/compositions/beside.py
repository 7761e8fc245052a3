"""Things with something of each beside: their groups, their manager, the paths by which they open applications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from evaluation.comparison import TrueTable
from evaluation.compositions.people import Head, quoted, some_value
from evaluation.records import Records, p

_PEOPLE: Sequence[Head] = (
    ("contractors", lambda t, i: p(t.users[i])["userType"] == "Contractor"),
    ("suspended users", lambda t, i: t.users[i]["status"] == "SUSPENDED"),
    ("active employees", lambda t, i: t.users[i]["status"] == "ACTIVE" and p(t.users[i])["userType"] == "Employee"),
    ("people who never logged in", lambda t, i: t.users[i]["lastLogin"] is None),
)
# The words, the column, and what each person has: a set is a list of names.
_BESIDE: Sequence[tuple[str, str, Callable[[Records, str], Any]]] = (
    ("groups", "groups", lambda t, i: {t.groups[g]["profile"]["name"] for g in t.groups_of[i]}),
    ("apps", "applications", lambda t, i: {t.apps[a]["label"] for a in t.opens[i]}),
    ("devices", "devices", lambda t, i: {t.devices[d]["profile"]["displayName"] for d in t.devices_of[i]}),
    ("city", "city", lambda t, i: p(t.users[i]).get("city")),
    ("title", "title", lambda t, i: p(t.users[i]).get("title")),
    ("mobile phone", "mobile_phone", lambda t, i: p(t.users[i]).get("mobilePhone")),
)
_MODES = (("SAML", "SAML_2_0"), ("OIDC", "OPENID_CONNECT"))


def beside(random: Random, t: Records) -> tuple[str, TrueTable]:
    """A question and its answer."""
    return random.choice((_each_with, _each_with, _of_a_department, _members, _paths))(random, t)


def _each_with(random: Random, t: Records) -> tuple[str, TrueTable]:
    words, fits = random.choice(_PEOPLE)
    return _with_their(random, t, words, [i for i in t.users if fits(t, i)])


def _of_a_department(random: Random, t: Records) -> tuple[str, TrueTable]:
    name = some_value(random, t, "department")
    people = [i for i in t.users if p(t.users[i]).get("department") == name]
    return _with_their(random, t, f"people in the {name} department", people)


def _with_their(random: Random, t: Records, words: str, people: Sequence[str]) -> tuple[str, TrueTable]:
    beside, column, value = random.choice(_BESIDE)
    rows = [(p(t.users[i])["login"], value(t, i)) for i in people]
    return f"{words} with their {beside}", TrueTable.of(["login", column], rows)


def _members(random: Random, t: Records) -> tuple[str, TrueTable]:
    app = random.choice(sorted({line["app_id"] for line in t.families["app_groups"]}))
    giving = sorted({line["group_id"] for line in t.families["app_groups"] if line["app_id"] == app})
    rows = [(t.groups[g]["profile"]["name"], {p(t.users[i])["login"] for i in t.members_of[g]}) for g in giving]
    question = f"groups that give access to {quoted(t.apps[app]['label'])} with their members"
    return question, TrueTable.of(["group_name", "members"], rows)


def _paths(random: Random, t: Records) -> tuple[str, TrueTable]:
    words, mode = random.choice(_MODES)
    who, fits = random.choice(_PEOPLE[:3])
    rows = [
        (p(t.users[user])["login"], t.apps[app]["label"], path)
        for user, app, path in t.paths
        if t.apps[app]["signOnMode"] == mode and fits(t, user)
    ]
    question = f"which {who} can open {words} apps, and by which path?"
    return question, TrueTable.of(["login", "application", "path"], rows)
