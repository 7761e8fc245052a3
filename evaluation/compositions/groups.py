"""What can be said of groups."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from evaluation.compositions.clauses import Maker, Phrase
from evaluation.compositions.people import Head, quoted, some_login
from evaluation.records import Records, p

HEADS: Sequence[Head] = (
    ("groups", lambda t, i: True),
    ("groups", lambda t, i: True),
    ("app groups", lambda t, i: t.groups[i]["type"] == "APP_GROUP"),
    ("Okta groups", lambda t, i: t.groups[i]["type"] == "OKTA_GROUP"),
)


def _size(random: Random, t: Records) -> Phrase:
    number = random.choice((0, 4, 10, 25, 50, 100))
    return Phrase(
        random.choice((f"with more than {number} members", f"that have at least {number + 1} members")),
        random.choice((f"with at most {number} members", f"with fewer than {number + 1} members")),
        lambda i: len(t.members_of[i]) > number,
    )


def _empty(random: Random, t: Records) -> Phrase:
    return Phrase("without members", "with members", lambda i: not t.members_of[i])


def _gives(random: Random, t: Records) -> Phrase:
    app = random.choice(sorted(t.apps))
    name = quoted(t.apps[app]["label"])
    giving = {line["group_id"] for line in t.families["app_groups"] if line["app_id"] == app}
    return Phrase(f"that give access to {name}", f"that do not give access to {name}", lambda i: i in giving)


def _gives_anything(random: Random, t: Records) -> Phrase:
    giving = {line["group_id"] for line in t.families["app_groups"]}
    return Phrase("that give access to an app", "that give access to no app", lambda i: i in giving)


def _created(random: Random, t: Records) -> Phrase:
    year = random.randint(2022, 2026)
    return Phrase(
        random.choice((f"created in {year}", f"created between {year}-01-01 and {year}-12-31")),
        f"that were not created in {year}",
        lambda i: t.groups[i]["created"].startswith(str(year)),
    )


def _name(random: Random, t: Records) -> Phrase:
    word = random.choice(("eng", "office", "all", "vpn", "a"))
    return Phrase(
        f"whose name contains '{word}'",
        f"whose name does not contain '{word}'",
        lambda i: word in t.groups[i]["profile"]["name"].lower(),
    )


def _with_member(random: Random, t: Records) -> Phrase:
    person, login = some_login(random, t)
    return Phrase(f"that contain {login}", f"that do not contain {login}", lambda i: i in t.groups_of[person])


def _with_members_of_a_kind(random: Random, t: Records) -> Phrase:
    words, fits = random.choice(_MEMBERS)
    people = {i for i in t.users if fits(t, i)}
    return Phrase(
        random.choice((f"with {words}", f"that contain {words}")),
        f"without {words}",
        lambda i: bool(t.members_of[i] & people),
        is_last=True,
    )


_MEMBERS: Sequence[Head] = (
    ("contractors", lambda t, i: p(t.users[i])["userType"] == "Contractor"),
    ("suspended users", lambda t, i: t.users[i]["status"] == "SUSPENDED"),
    ("deprovisioned people", lambda t, i: t.users[i]["status"] == "DEPROVISIONED"),
    ("people who never logged in", lambda t, i: t.users[i]["lastLogin"] is None),
)

PHRASES: Sequence[Maker] = (
    _size,
    _size,
    _empty,
    _gives,
    _gives_anything,
    _created,
    _name,
    _with_member,
    _with_members_of_a_kind,
)
