"""How the demo company moves on: people join, change, leave and are deleted, and groups change hands.

One step is a pure function of the company and its generation, so a test may repeat a day exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import Random

from holdfast.demo.cast import CAST, group_id, person_id
from holdfast.demo.company import Company
from holdfast.demo.groups import EVERYONE
from holdfast.demo.log.news import News
from holdfast.demo.records import Record, okta_id, stamp
from holdfast.demo.security import DeviceUse
from holdfast.demo.words import FIRST_NAMES, LAST_NAMES


def evolve(company: Company, *, at: datetime) -> Company:
    """The company one step later, every change dated `at` (UTC). The given company stays as it was.

    A step of a company of 1,000: five people join, ten change their title, one moves to another department, five
    leave, two who had left are deleted, two groups gain and lose a member, one group is made and one application is
    renamed. Small companies change by at least one of each. Scripted people never change. All of it is in the system
    log of the company that comes out.
    """
    return _Step(company, stamp(at)).taken()


class _Step:
    """One step's working copy."""

    def __init__(self, company: Company, when: str) -> None:
        self._company = company
        self._when = when
        self._news = News(company, when)
        self._generation = company.generation + 1
        self._random = Random(f"{company.seed}/step/{self._generation}")
        self._users = dict(company.users)
        self._groups = dict(company.groups)
        self._members = {group: set(users) for group, users in company.members.items()}
        self._touched: set[str] = set()
        self._apps = dict(company.apps)
        self._direct = dict(company.direct)
        self._uses = dict(company.device_uses)
        scripted = {person_id(company.seed, part.key) for part in CAST}
        special = scripted | company.user_roles.keys()
        self._movable = [user for user in company.users if user not in special]
        self._random.shuffle(self._movable)

    def taken(self) -> Company:
        size = len(self._company.users)
        for number in range(max(1, size // 200)):
            self._join(number)
        for user in self._take(_is_active, max(1, size // 100)):
            self._edit(user, title=f"Senior {self._users[user]['profile']['title']}"[:100])
        for user in self._take(_is_staff, 1):
            self._move(user)
        for user in self._take(_is_active, max(1, size // 200)):
            self._leave(user)
        for user in self._take(_has_left, max(1, size // 500)):
            self._delete(user)
        self._shuffle_groups()
        self._make_group()
        self._rename_an_app()
        return self._company_now()

    def _take(self, test: Callable[[Record], bool], count: int) -> list[str]:
        """The next `count` people that pass; nobody is taken twice in one step."""
        chosen = [user for user in self._movable if test(self._users[user])][:count]
        self._movable = [user for user in self._movable if user not in set(chosen)]
        return chosen

    def _join(self, number: int) -> None:
        key = f"joined/{self._generation}/{number}"
        user = person_id(self._company.seed, key)
        model = self._users[next(u for u in self._movable if _is_staff(self._users[u]))]
        first, last = self._random.choice(FIRST_NAMES), self._random.choice(LAST_NAMES)
        login = f"joiner.{self._generation}.{number}@{model['profile']['login'].partition('@')[2]}"
        profile = {
            **model["profile"],
            "firstName": first,
            "lastName": last,
            "displayName": f"{first} {last}",
            "login": login,
            "email": login,
            "mobilePhone": None,
            "employeeNumber": f"N{self._generation:04d}{number:05d}",
            "badgeNumber": 900_000_000 + self._generation * 100_000 + number,
            "hireDate": self._when[:10],
        }
        dates = ("created", "activated", "statusChanged", "lastUpdated", "passwordChanged")
        self._users[user] = {**model, "id": user, **dict.fromkeys(dates, self._when), "lastLogin": None}
        self._users[user]["profile"] = profile
        self._news.person("user.lifecycle.create", self._users[user])
        self._news.person("user.lifecycle.activate", self._users[user])
        joined = [
            group_id(self._company.seed, n) for n in (EVERYONE, profile["department"], f"Office {profile['city']}")
        ]
        for group in joined:
            self._put_in(group, user)
        opened = {app for group in joined for app in self._company.apps_of_group.get(group, ())}
        self._news.assignments("application.user_membership.add", self._users[user], sorted(opened))

    def _edit(self, user: str, **attributes: object) -> None:
        record = self._users[user]
        profile = {**record["profile"], **attributes}
        self._users[user] = {**record, "lastUpdated": self._when, "profile": profile}
        self._news.person("user.account.update_profile", self._users[user])

    def _move(self, user: str) -> None:
        """To another department, and by its rule to that department's group."""
        old = self._users[user]["profile"]["department"]
        new = "Operations" if old != "Operations" else "Facilities"
        self._edit(user, department=new)
        self._take_out(group_id(self._company.seed, old), user)
        self._put_in(group_id(self._company.seed, new), user)

    def _leave(self, user: str) -> None:
        left = {"status": "DEPROVISIONED", "statusChanged": self._when, "lastUpdated": self._when}
        self._users[user] = {**self._users[user], **left}
        self._news.person("user.lifecycle.deactivate", self._users[user])
        self._take_out(group_id(self._company.seed, EVERYONE), user)
        self._unassign(user)

    def _delete(self, user: str) -> None:
        self._news.person("user.lifecycle.delete.initiated", self._users[user])
        for group in self._company.groups_of.get(user, ()):
            self._take_out(group, user)
        self._unassign(user)
        self._news.person("user.lifecycle.delete.completed", self._users[user])
        del self._users[user]

    def _unassign(self, user: str) -> None:
        lost = [app for app, users in self._direct.items() if user in users]
        self._news.assignments("application.user_membership.remove", self._users[user], lost)
        self._direct = {app: users - {user} if user in users else users for app, users in self._direct.items()}
        for device in self._company.devices_of.get(user, ()):
            self._uses[device] = _without(self._uses[device], user)

    def _shuffle_groups(self) -> None:
        for name in ("vpn-users", "Project Falcon"):
            group = group_id(self._company.seed, name)
            members = sorted(self._members[group] & set(self._movable))
            if members:
                self._take_out(group, self._random.choice(members))
            others = [user for user in self._take(_is_active, 5) if user not in self._company.members[group]]
            for user in others[:1]:
                self._put_in(group, user)

    def _make_group(self) -> None:
        name = f"Task Force {self._generation}"
        group = group_id(self._company.seed, name)
        self._groups[group] = {
            "id": group,
            "created": self._when,
            "lastUpdated": self._when,
            "lastMembershipUpdated": self._when,
            "objectClass": ["okta:user_group"],
            "type": "OKTA_GROUP",
            "profile": {"name": name, "description": "Formed this week"},
        }
        self._members[group] = set()
        self._news.group("group.lifecycle.create", self._groups[group])
        for user in self._take(_is_active, 3):
            self._put_in(group, user)

    def _rename_an_app(self) -> None:
        app = okta_id("0oa", self._company.seed, "app", "canteen")
        self._apps[app] = {**self._apps[app], "label": f"Canteen Menu {self._generation}", "lastUpdated": self._when}
        self._news.app("application.lifecycle.update", self._apps[app])

    def _put_in(self, group: str, user: str) -> None:
        if user not in self._members[group]:
            self._news.membership("group.user_membership.add", self._users[user], self._groups[group])
        self._members[group].add(user)
        self._touched.add(group)

    def _take_out(self, group: str, user: str) -> None:
        if user in self._members[group]:
            self._news.membership("group.user_membership.remove", self._users[user], self._groups[group])
        self._members[group].discard(user)
        self._touched.add(group)

    def _company_now(self) -> Company:
        for group in self._touched:
            self._groups[group] = {**self._groups[group], "lastMembershipUpdated": self._when}
        members = {
            group: tuple(sorted(self._members[group])) if group in self._touched else self._company.members[group]
            for group in sorted(self._groups)
        }
        return replace(
            self._company,
            users=dict(sorted(self._users.items())),
            groups=dict(sorted(self._groups.items())),
            members=members,
            apps=self._apps,
            direct=self._direct,
            device_uses=self._uses,
            generation=self._generation,
            origin=self._company.origin or self._company,
            happened=(*self._company.happened, *self._news.happened),
        )


def _is_active(user: Record) -> bool:
    return bool(user["status"] == "ACTIVE")


def _is_staff(user: Record) -> bool:
    return _is_active(user) and user["profile"]["userType"] == "Employee" and "department" in user["profile"]


def _has_left(user: Record) -> bool:
    return bool(user["status"] == "DEPROVISIONED")


def _without(uses: tuple[DeviceUse, ...], user: str) -> tuple[DeviceUse, ...]:
    return tuple(use for use in uses if use.user_id != user)
