"""What can be said of devices."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from evaluation.compositions.clauses import Maker, Phrase
from evaluation.compositions.people import Head, some_login
from evaluation.records import Records, p

HEADS: Sequence[Head] = (
    ("devices", lambda t, i: True),
    ("active devices", lambda t, i: t.devices[i]["status"] == "ACTIVE"),
    ("suspended devices", lambda t, i: t.devices[i]["status"] == "SUSPENDED"),
    ("macOS devices", lambda t, i: t.devices[i]["profile"]["platform"] == "MACOS"),
    ("Windows devices", lambda t, i: t.devices[i]["profile"]["platform"] == "WINDOWS"),
)


def _owned_by(random: Random, t: Records) -> Phrase:
    person, login = some_login(random, t)
    return Phrase(f"owned by {login}", f"not owned by {login}", lambda i: i in t.devices_of[person])


def _owned_by_a_kind(random: Random, t: Records) -> Phrase:
    words, fits = random.choice(_OWNERS)
    owned = {device for i in t.users if fits(t, i) for device in t.devices_of[i]}
    return Phrase(f"owned by {words}", f"not owned by {words}", lambda i: i in owned, is_last=True)


_OWNERS: Sequence[Head] = (
    ("contractors", lambda t, i: p(t.users[i])["userType"] == "Contractor"),
    ("suspended users", lambda t, i: t.users[i]["status"] == "SUSPENDED"),
    ("people in the Sales department", lambda t, i: p(t.users[i]).get("department") == "Sales"),
)


def _unowned(random: Random, t: Records) -> Phrase:
    owned = {device for devices in t.devices_of.values() for device in devices}
    return Phrase("without an owner", "with an owner", lambda i: i not in owned)


def _maker(random: Random, t: Records) -> Phrase:
    maker = random.choice(sorted({d["profile"]["manufacturer"] for d in t.devices.values()}))
    return Phrase(
        f"whose manufacturer is {maker}",
        f"whose manufacturer is not {maker}",
        lambda i: t.devices[i]["profile"]["manufacturer"] == maker,
    )


def _created(random: Random, t: Records) -> Phrase:
    year = random.randint(2022, 2026)
    return Phrase(
        f"created in {year}",
        f"that were not created in {year}",
        lambda i: t.devices[i]["created"].startswith(str(year)),
    )


PHRASES: Sequence[Maker] = (_owned_by, _owned_by_a_kind, _unowned, _maker, _created)
