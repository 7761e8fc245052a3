"""What questions are about: the nouns, where things stand in the export, and how an answer shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.compositions import applications as apps
from evaluation.compositions import devices, groups, people, policies
from evaluation.compositions.clauses import Maker
from evaluation.compositions.people import Head
from evaluation.records import Records, p


@dataclass(frozen=True)
class Attribute:
    """What things can be counted by: its words, its column, its value of a thing (None: it has none)."""

    words: str
    column: str
    value: Callable[[Records, str], Any]


@dataclass(frozen=True)
class Kind:
    """One kind of thing. A head is a noun phrase such as "active accounts", with whom it is true of."""

    column: str
    count: str
    ids: Callable[[Records], Sequence[str]]
    name: Callable[[Records, str], str]
    heads: Sequence[Head]
    phrases: Sequence[Maker]
    attributes: Sequence[Attribute] = ()
    # Noun phrases that can follow "except".
    exceptions: Sequence[Head] = ()


PEOPLE = Kind(
    column="login",
    count="person_count",
    ids=lambda t: list(t.users),
    name=lambda t, i: str(p(t.users[i])["login"]),
    heads=people.HEADS,
    phrases=people.PHRASES,
    exceptions=people.EXCEPTIONS,
    attributes=(
        Attribute("department", "department", lambda t, i: p(t.users[i]).get("department")),
        Attribute("city", "city", lambda t, i: p(t.users[i]).get("city")),
        Attribute("status", "status", lambda t, i: t.users[i]["status"]),
        Attribute("user type", "user_type", lambda t, i: p(t.users[i]).get("userType")),
        Attribute("country code", "country_code", lambda t, i: p(t.users[i]).get("countryCode")),
    ),
)
GROUPS = Kind(
    column="group_name",
    count="group_count",
    ids=lambda t: list(t.groups),
    name=lambda t, i: str(t.groups[i]["profile"]["name"]),
    heads=groups.HEADS,
    phrases=groups.PHRASES,
    attributes=(Attribute("type", "group_type", lambda t, i: t.groups[i]["type"]),),
)
APPLICATIONS = Kind(
    column="application",
    count="application_count",
    ids=lambda t: list(t.apps),
    name=lambda t, i: str(t.apps[i]["label"]),
    heads=apps.HEADS,
    phrases=apps.PHRASES,
    attributes=(
        Attribute("sign-on mode", "sign_on_mode", lambda t, i: t.apps[i]["signOnMode"]),
        Attribute("status", "application_status", lambda t, i: t.apps[i]["status"]),
    ),
)
DEVICES = Kind(
    column="device_name",
    count="device_count",
    ids=lambda t: list(t.devices),
    name=lambda t, i: str(t.devices[i]["profile"]["displayName"]),
    heads=devices.HEADS,
    phrases=devices.PHRASES,
    attributes=(
        Attribute("platform", "device_platform", lambda t, i: t.devices[i]["profile"]["platform"]),
        Attribute("status", "device_status", lambda t, i: t.devices[i]["status"]),
    ),
)


def _family(family: str, noun: str, heads: Sequence[Head], phrases: Sequence[Maker]) -> Kind:
    return Kind(
        column=f"{noun}_name",
        count=f"{noun}_count",
        ids=lambda t: [line["id"] for line in t.families[family]],
        name=lambda t, i: str(policies.found(t, family, i)["name"]),
        heads=heads,
        phrases=phrases,
    )


POLICIES = _family("policies", "policy", policies.POLICY_HEADS, policies.POLICY_PHRASES)
GROUP_RULES = _family("group_rules", "group_rule", policies.RULE_HEADS, policies.RULE_PHRASES)
ZONES = _family("zones", "network_zone", policies.ZONE_HEADS, policies.ZONE_PHRASES)
