"""What a company that moves on writes into its log, while it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.demo.groups import EVERYONE
from holdfast.demo.log import happenings as of
from holdfast.demo.log.directory import app_user
from holdfast.demo.log.happenings import SYSTEM, Happening, Thing, millis
from holdfast.demo.records import Record

if TYPE_CHECKING:
    from holdfast.demo.company import Company


class News:
    """Events of one step of `company`, all of the moment `when` (a timestamp) and caused by one administrator."""

    def __init__(self, company: Company, when: str) -> None:
        self._company = company
        self._when = millis(when)
        self._admin = of.person(company.users[company.resets.admin])
        self._filled = {
            group
            for rule in company.group_rules.values()
            if rule["status"] == "ACTIVE"
            for group in rule["actions"]["assignUserToGroups"]["groupIds"]
        }
        self.happened: list[Happening] = []

    def person(self, event: str, user: Record) -> None:
        """Something was done to somebody."""
        self._write(self._admin, event, of.person(user))

    def group(self, event: str, group: Record) -> None:
        """Something was done to a group."""
        self._write(self._admin, event, of.group(group))

    def app(self, event: str, app: Record) -> None:
        """Something was done to an application."""
        self._write(self._admin, event, of.app(app))

    def membership(self, event: str, user: Record, group: Record) -> None:
        """Somebody came into a group or went out of it. Okta says nothing of Everyone."""
        if group["profile"]["name"] != EVERYONE:
            self._write(SYSTEM if group["id"] in self._filled else self._admin, event, of.person(user), of.group(group))

    def assignments(self, event: str, user: Record, apps: Sequence[str]) -> None:
        """Somebody got applications or lost them."""
        me = of.person(user)
        for app in apps:
            target = of.app(self._company.apps[app])
            self._write(SYSTEM, event, app_user(self._company.seed, app, me), target, me)

    def _write(self, actor: Thing, event: str, *targets: Thing) -> None:
        self.happened.append(Happening(self._when, event, actor, targets))
