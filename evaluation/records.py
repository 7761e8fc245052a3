"""The exported records of a tenant, indexed: what truths are computed from. No graph, no Cypher, no planner."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

Record = dict[str, Any]
Rows = Iterable[tuple[Any, ...]]


class Records:
    """The export, indexed. `now` is the moment that windows count from."""

    def __init__(self, families: Mapping[str, list[Record]], now: datetime) -> None:
        self.families = families
        self.now = now
        self.users = {u["id"]: u for u in families["users"]}
        self.groups = {g["id"]: g for g in families["groups"]}
        self.apps = {a["id"]: a for a in families["apps"]}
        self.devices = {d["id"]: d for d in families["devices"]}

    @cached_property
    def groups_of(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for line in self.families["group_members"]:
            found[line["user_id"]].add(line["group_id"])
        return found

    @cached_property
    def members_of(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for line in self.families["group_members"]:
            found[line["group_id"]].add(line["user_id"])
        return found

    @cached_property
    def paths(self) -> list[tuple[str, str, str]]:
        """(user id, application id, "directly" or the group's name) of everyone who is not deprovisioned."""
        found = [(x["user_id"], x["app_id"], "directly") for x in self.families["app_users"] if x["scope"] == "USER"]
        for link in self.families["app_groups"]:
            for user in self.members_of[link["group_id"]]:
                found.append((user, link["app_id"], self.groups[link["group_id"]]["profile"]["name"]))
        return [path for path in found if self.users[path[0]]["status"] != "DEPROVISIONED"]

    @cached_property
    def opens(self) -> Mapping[str, set[str]]:
        """User id → ids of applications that the person can open."""
        found: dict[str, set[str]] = defaultdict(set)
        for user, app, _ in self.paths:
            found[user].add(app)
        return found

    @cached_property
    def factors_of(self) -> Mapping[str, set[str] | None]:
        """User id → types of factor; None where the tenant does not tell."""
        found: dict[str, set[str] | None] = {user: set() for user in self.users}
        for line in self.families["factors"]:
            types = found[line["user_id"]]
            if line.get("unreadable"):
                found[line["user_id"]] = None
            elif types is not None:
                types.add(line["factorType"])
        return found

    @cached_property
    def roles_of(self) -> Mapping[str, set[str]]:
        """User id → types of admin role, direct or through a group of somebody who is still there."""
        found: dict[str, set[str]] = defaultdict(set)
        for line in self.families["user_roles"]:
            if line["assignmentType"] == "USER":
                found[line["user_id"]].add(line["type"])
        for line in self.families["group_roles"]:
            for user in self.members_of[line["group_id"]]:
                if self.users[user]["status"] != "DEPROVISIONED":
                    found[user].add(line["type"])
        return found

    @cached_property
    def reports_of(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for user in self.users.values():
            if user["profile"].get("managerId") in self.users:
                found[user["profile"]["managerId"]].add(user["id"])
        return found

    @cached_property
    def devices_of(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for line in self.families["device_users"]:
            found[line["user_id"]].add(line["device_id"])
        return found

    def group(self, name: str) -> str:
        return one(i for i, g in self.groups.items() if g["profile"]["name"] == name)

    def app(self, label: str) -> str:
        return one(i for i, a in self.apps.items() if a["label"] == label)

    def person(self, first: str, last: str) -> str:
        named = {i: (u["profile"]["firstName"], u["profile"]["lastName"]) for i, u in self.users.items()}
        return one(i for i, name in named.items() if name == (first, last))

    def people(self, fits: Callable[[Record], object]) -> list[tuple[str]]:
        return [(u["profile"]["login"],) for u in self.users.values() if fits(u)]

    def in_group(self, name: str) -> Callable[[Record], bool]:
        group = self.group(name)
        return lambda u: group in self.groups_of[u["id"]]

    def can_open(self, label: str) -> Callable[[Record], bool]:
        app = self.app(label)
        return lambda u: app in self.opens[u["id"]]

    def signed_in_since(self, user: Record, since: datetime) -> bool:
        return user["lastLogin"] is not None and moment(user["lastLogin"]) >= since

    def app_paths(self, label: str, fits: Callable[[Record], object] = lambda _: True) -> Rows:
        app = self.app(label)
        for user, opened, path in self.paths:
            if opened == app and fits(self.users[user]):
                yield self.users[user]["profile"]["login"], path, self.users[user]["status"]

    def person_paths(self, first: str, last: str) -> Rows:
        person = self.person(first, last)
        return [(self.apps[a]["label"], path) for u, a, path in self.paths if u == person]

    def group_names(self, fits: Callable[[Record], object]) -> Rows:
        return [(g["profile"]["name"],) for g in self.groups.values() if fits(g)]

    def app_labels(self, fits: Callable[[Record], object]) -> Rows:
        return [(a["label"],) for a in self.apps.values() if fits(a)]

    def opened_by(self, app: str) -> int:
        return sum(app in apps for apps in self.opens.values())


def one(found: Iterable[str]) -> str:
    (only,) = found
    return only


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def counted(values: Iterable[Any]) -> Rows:
    return Counter(values).items()


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def p(user: Record) -> Record:
    profile: Record = user["profile"]
    return profile
