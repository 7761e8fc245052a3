"""The demo company's groups, who is in them, and the group rules that fill some of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from holdfast.demo.cast import CAST, HOSTILE_DESCRIPTION, app_id, group_id, person_id
from holdfast.demo.records import Record, okta_id, stamp_seconds
from holdfast.demo.words import DEPARTMENTS, OFFICES, TEAMS

EVERYONE = "Everyone"
_DAY = 86_400
_PEOPLE_PER_SQUAD = 120
_TYPE_GROUPS = (
    ("Contractors", "Contractor"),
    ("Interns", "Intern"),
    ("Service Accounts", "Service"),
)
# Name, description, the departments it draws from (None: all) and the share of them that is in it.
_ACCESS_GROUPS: tuple[tuple[str, str, frozenset[str] | None, float], ...] = (
    ("sso-super-admins", "Break-glass administrators of the identity platform", frozenset({"IT"}), 0.02),
    ("crm-power-users", "Edit rights in the CRM", frozenset({"Sales", "Marketing"}), 0.15),
    ("aws-admins", "Administrator role in every AWS account", frozenset({"Engineering", "IT"}), 0.05),
    ("github-writers", "Push access to repositories", frozenset({"Engineering", "Product", "Security"}), 0.6),
    ("erp-approvers", "May approve payments", frozenset({"Finance"}), 0.2),
    ("vpn-users", "Remote access", None, 0.35),
    ("mfa-exempt", "Temporarily exempt from MFA enrolment", None, 0.01),
    ("auditors", "Read-only access for the yearly audit", frozenset({"Finance", "Legal", "Security"}), 0.04),
    ("Project Falcon", HOSTILE_DESCRIPTION, frozenset({"Engineering", "Product"}), 0.08),
    ("All-Hands Organisers", 'Books the room; says "hello" first', None, 0.02),
    ("Project Nautilus 2019", "Finished long ago, nobody is left in it", frozenset(), 0.0),
    ("Legacy VPN", "Replaced by vpn-users", frozenset(), 0.0),
)
# Imported groups: name, the application they come from, departments and share as above.
_IMPORTED_GROUPS: tuple[tuple[str, str, frozenset[str] | None, float], ...] = (
    ("Domain Users", "active-directory", None, 0.85),
    ("Domain Admins", "active-directory", frozenset({"IT"}), 0.1),
    ("FS-Finance-RW", "active-directory", frozenset({"Finance"}), 0.7),
    ("FS-Legal-RW", "active-directory", frozenset({"Legal"}), 0.8),
    ("Print Operators", "active-directory", frozenset({"Facilities"}), 0.4),
    ("Server Operators", "active-directory", frozenset({"IT", "Engineering"}), 0.04),
    ("RDP Empty OU", "active-directory", frozenset(), 0.0),
    ("All Staff (Google)", "google-workspace", None, 0.9),
    ("Engineering Leads (Google)", "google-workspace", frozenset({"Engineering"}), 0.05),
)


@dataclass(frozen=True)
class GroupFamily:
    """Groups by id, members by group (user ids in order), rules by id."""

    groups: dict[str, Record]
    members: dict[str, tuple[str, ...]]
    rules: dict[str, Record]


def make_groups(seed: int, people: Mapping[str, Record], now: datetime) -> GroupFamily:
    """All groups of the company, consistent with its people and rules.

    Whoever left stays in the groups nobody took them out of, but is never in Everyone, as in Okta.
    """
    return _Maker(seed, people, now).family()


class _Maker:
    def __init__(self, seed: int, people: Mapping[str, Record], now: datetime) -> None:
        self._seed = seed
        self._people = people
        self._now = int(now.timestamp())
        self._random = Random(f"{seed}/{len(people)}/groups")
        self._groups: dict[str, Record] = {}
        self._members: dict[str, list[str]] = defaultdict(list)
        self._rules: list[Record] = []
        self._teams: dict[str, list[str]] = {}

    def family(self) -> GroupFamily:
        self._make_groups()
        self._make_rules()
        scripted = {person_id(self._seed, part.key): part.groups for part in CAST}
        for user_id, person in self._people.items():
            for name in self._names_for(person, scripted.get(user_id)):
                self._members[group_id(self._seed, name)].append(user_id)
        return GroupFamily(
            groups=dict(sorted(self._groups.items())),
            members={group: tuple(self._members[group]) for group in sorted(self._groups)},
            rules={rule["id"]: rule for rule in sorted(self._rules, key=lambda rule: str(rule["id"]))},
        )

    def _make_groups(self) -> None:
        self._add(EVERYONE, "All users in your organization", "BUILT_IN")
        for department, _, share in DEPARTMENTS:
            self._add(department, f"Everyone in {department}")
            squads = len(self._people) * share // 100 // _PEOPLE_PER_SQUAD
            names = [*TEAMS.get(department, ()), *(f"{department} Squad {n + 1}" for n in range(squads))]
            self._teams[department] = names
            for name in names:
                self._add(name, f"Team of {department}")
        for name, user_type in _TYPE_GROUPS:
            self._add(name, f"Accounts of type {user_type}")
        for city, _, country, _ in OFFICES:
            self._add(f"Office {city}", f"People at the office in {city}, {country}")
        for name, description, _, _ in _ACCESS_GROUPS:
            self._add(name, description)
        for name, source, _, _ in _IMPORTED_GROUPS:
            self._import(name, source)

    def _add(self, name: str, description: str, kind: str = "OKTA_GROUP") -> Record:
        group = group_id(self._seed, name)
        created = self._now - self._random.uniform(60, 2900) * _DAY
        updated = self._random.uniform(created, self._now)
        self._groups[group] = {
            "id": group,
            "created": stamp_seconds(created),
            "lastUpdated": stamp_seconds(updated),
            "lastMembershipUpdated": stamp_seconds(self._random.uniform(created, self._now)),
            "objectClass": ["okta:user_group"],
            "type": kind,
            "profile": {"name": name, "description": description},
        }
        return self._groups[group]

    def _import(self, name: str, source: str) -> None:
        group = self._add(name, "", "APP_GROUP")
        group["source"] = {"id": app_id(self._seed, source)}
        if source != "active-directory":
            group["objectClass"] = ["okta:app_group"]
            group["profile"]["description"] = "Imported from Google Workspace"
            return
        group["objectClass"] = ["okta:windows_security_principal"]
        group["profile"] = {
            "name": name,
            "description": f"Active Directory group {name}",
            "dn": f"CN={name},OU=Groups,DC=kelptide,DC=example",
            "externalId": okta_id("", self._seed, "guid", name),
            "samAccountName": name,
            "windowsDomainQualifiedName": f"KELPTIDE\\{name}",
        }

    def _names_for(self, person: Record, scripted: tuple[str, ...] | None) -> set[str]:
        """Names of all groups that this person is in."""
        random = self._random
        left = person["status"] == "DEPROVISIONED"
        if left and (scripted is not None or random.random() < 0.6):
            return set(scripted or ())
        profile = person["profile"]
        department = profile.get("department")
        names = {f"Office {profile['city']}"} | {g for g, kind in _TYPE_GROUPS if profile["userType"] == kind}
        if not left:
            names.add(EVERYONE)
        if department:
            names.add(department)
        # Scripted people are only in the groups of their script, so that every case stays what it says.
        if scripted is not None:
            return names | set(scripted)
        teams = self._teams.get(department, []) if department else []
        names.update(random.sample(teams, min(len(teams), random.choice((0, 1, 1, 1, 2)))))
        names.update(n for n, _, where, share in _ACCESS_GROUPS if _drawn(random, department, where, share))
        names.update(n for n, _, where, share in _IMPORTED_GROUPS if _drawn(random, department, where, share))
        return names

    def _make_rules(self) -> None:
        for department, _, _ in DEPARTMENTS:
            self._rule(f"{department} by department", f'user.department=="{department}"', (department,))
        for name, user_type in _TYPE_GROUPS:
            self._rule(f"{name} by type", f'user.userType=="{user_type}"', (name,))
        for city, _, _, _ in OFFICES:
            self._rule(f"Office {city}", f'user.city=="{city}"', (f"Office {city}",))
        paused = 'user.department=="Engineering" and user.countryCode=="DE"'
        self._rule("German engineers (paused)", paused, ("Eng-Platform", "Eng-Data"), "INACTIVE")
        self._rule("Nautilus crew", 'user.project=="Nautilus"', ("Project Nautilus 2019",), "INVALID")

    def _rule(self, name: str, expression: str, groups: tuple[str, ...], status: str = "ACTIVE") -> None:
        created = self._now - self._random.uniform(60, 1500) * _DAY
        self._rules.append(
            {
                "type": "group_rule",
                "id": okta_id("0pr", self._seed, "rule", name),
                "status": status,
                "name": name,
                "created": stamp_seconds(created),
                "lastUpdated": stamp_seconds(self._random.uniform(created, self._now)),
                "conditions": {
                    "people": {"users": {"exclude": []}, "groups": {"exclude": []}},
                    "expression": {"value": expression, "type": "urn:okta:expression:1.0"},
                },
                "actions": {"assignUserToGroups": {"groupIds": [group_id(self._seed, group) for group in groups]}},
            }
        )


def _drawn(random: Random, department: str | None, where: frozenset[str] | None, share: float) -> bool:
    return (where is None or department in where) and random.random() < share
