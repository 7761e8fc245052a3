"""What can be said of policies, group rules and network zones."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from evaluation.compositions.clauses import Maker, Phrase
from evaluation.compositions.people import Head, quoted
from evaluation.records import Record, Records

POLICY_HEADS: Sequence[Head] = (
    ("policies", lambda t, i: True),
    ("active policies", lambda t, i: found(t, "policies", i)["status"] == "ACTIVE"),
    ("password policies", lambda t, i: found(t, "policies", i)["type"] == "PASSWORD"),
    ("sign-on policies", lambda t, i: found(t, "policies", i)["type"] == "OKTA_SIGN_ON"),
)
RULE_HEADS: Sequence[Head] = (
    ("group rules", lambda t, i: True),
    ("active group rules", lambda t, i: found(t, "group_rules", i)["status"] == "ACTIVE"),
    ("inactive group rules", lambda t, i: found(t, "group_rules", i)["status"] == "INACTIVE"),
    ("invalid group rules", lambda t, i: found(t, "group_rules", i)["status"] == "INVALID"),
)
ZONE_HEADS: Sequence[Head] = (
    ("network zones", lambda t, i: True),
    ("blocked zones", lambda t, i: found(t, "zones", i)["usage"] == "BLOCKLIST"),
    ("dynamic zones", lambda t, i: found(t, "zones", i)["type"] == "DYNAMIC"),
)


def found(t: Records, family: str, record: str) -> Record:
    """The record of that id; families are small."""
    return next(line for line in t.families[family] if line["id"] == record)


def named(family: str, words: Sequence[str]) -> Maker:
    """ "Whose name contains …"."""

    def maker(random: Random, t: Records) -> Phrase:
        word = random.choice(words)
        return Phrase(
            f"whose name contains '{word}'",
            f"whose name does not contain '{word}'",
            lambda i: word in found(t, family, i)["name"].lower(),
        )

    return maker


def created(family: str) -> Maker:
    """ "Created in 2025"."""

    def maker(random: Random, t: Records) -> Phrase:
        year = random.randint(2022, 2026)
        return Phrase(
            f"created in {year}",
            f"that were not created in {year}",
            lambda i: found(t, family, i)["created"].startswith(str(year)),
        )

    return maker


def _fills(random: Random, t: Records) -> Phrase:
    filled = sorted({g for rule in t.families["group_rules"] for g in _filled_by(rule)})
    group = random.choice(filled)
    name = quoted(t.groups[group]["profile"]["name"])
    return Phrase(
        f"that fill the group {name}",
        f"that do not fill the group {name}",
        lambda i: group in _filled_by(found(t, "group_rules", i)),
    )


def _filled_by(rule: Record) -> list[str]:
    groups: list[str] = rule["actions"]["assignUserToGroups"]["groupIds"]
    return groups


POLICY_PHRASES: Sequence[Maker] = (named("policies", ("default", "contractors", "policy")), created("policies"))
RULE_PHRASES: Sequence[Maker] = (named("group_rules", ("office", "contractors")), created("group_rules"), _fills)
ZONE_PHRASES: Sequence[Maker] = (named("zones", ("zone", "office")), created("zones"))
