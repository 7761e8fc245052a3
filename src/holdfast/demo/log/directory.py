"""What the company's records say happened: every date of theirs that falls into the log has its event."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from holdfast.demo.groups import EVERYONE
from holdfast.demo.log import happenings as of
from holdfast.demo.log.happenings import SECOND, SYSTEM, Happening, Thing, millis
from holdfast.demo.log.staff import Span, Staff
from holdfast.demo.records import Record, okta_id

_STATUS_EVENTS = {
    "DEPROVISIONED": "user.lifecycle.deactivate",
    "SUSPENDED": "user.lifecycle.suspend",
    "PASSWORD_EXPIRED": "user.account.expire_password",
    "RECOVERY": "user.account.reset_password",
}
_ATTEMPTS_BEFORE_LOCK = 5
_MOST_CHANGES_OF_A_GROUP = 4


class Directory:
    """Writes down people, memberships, assignments, roles, factors, devices and policies."""

    def __init__(self, staff: Staff, random: Random) -> None:
        self._staff = staff
        self._company = staff.company
        self._random = random
        self._filled = {
            group
            for rule in self._company.group_rules.values()
            if rule["status"] == "ACTIVE"
            for group in rule["actions"]["assignUserToGroups"]["groupIds"]
        }

    def happenings(self) -> Iterator[Happening]:
        """Everything, in no order. Memberships come first: they decide who could open what when."""
        yield from self._memberships()
        for user, record in self._company.users.items():
            yield from self._person(user, record)
        yield from self._assignments()
        yield from self._roles()
        yield from self._passwords()
        yield from self._factors()
        yield from self._devices()
        yield from self._settings()

    def _by_admin(self, when: int, event: str, *targets: Thing, debug: of.Debug = ()) -> Happening:
        admin = self._staff.admin_at(when, self._random)
        client = None if admin is SYSTEM else self._staff.client(admin.id, self._random)
        return Happening(when, event, admin, targets, client, debug=debug)

    def _by_self(self, when: int, event: str, user: str, *targets: Thing, debug: of.Debug = ()) -> Happening:
        me = self._staff.thing(user)
        return Happening(when, event, me, (me, *targets), self._staff.client(user, self._random), debug=debug)

    def _person(self, user: str, record: Record) -> Iterator[Happening]:
        staff = self._staff
        created, changed, updated = (millis(record[name]) for name in ("created", "statusChanged", "lastUpdated"))
        if not staff.within(updated):
            return
        span = staff.spans.get(user)
        me = staff.thing(user)
        if staff.within(created):
            yield self._by_admin(created, "user.lifecycle.create", me)
        if span and staff.within(span.start):
            yield self._by_admin(span.start, "user.lifecycle.activate", me)
        if staff.within(changed) and record["status"] in _STATUS_EVENTS:
            yield self._by_admin(changed, _STATUS_EVENTS[record["status"]], me)
        if span and staff.within(changed) and record["status"] == "LOCKED_OUT":
            yield from self._lock(user, changed, span)
        yield self._by_admin(updated, "user.account.update_profile", me)

    def _lock(self, user: str, when: int, span: Span) -> Iterator[Happening]:
        attempt = self._by_self(when, "user.session.start", user)
        for number in range(_ATTEMPTS_BEFORE_LOCK):
            tried = when - (_ATTEMPTS_BEFORE_LOCK - number) * 20 * SECOND
            if tried >= max(span.start, self._staff.begin):
                yield attempt._replace(when=tried, result="FAILURE", reason="INVALID_CREDENTIALS")
        yield attempt._replace(event="user.account.lock", result="FAILURE", reason="LOCKED_OUT")

    def _passwords(self) -> Iterator[Happening]:
        """Changes of passwords by people who were still there."""
        for user, span in self._staff.spans.items():
            changed = self._company.users[user]["passwordChanged"]
            if changed is not None and self._staff.within(millis(changed)) and millis(changed) <= span.end:
                yield self._by_self(millis(changed), "user.account.update_password", user)

    def _memberships(self) -> Iterator[Happening]:
        for group, record in self._company.groups.items():
            latest = millis(record["lastMembershipUpdated"])
            if record["profile"]["name"] == EVERYONE or not self._staff.within(latest):
                continue
            earliest = max(self._staff.begin, millis(record["created"]))
            moments = [latest]
            if group not in self._filled:
                count = self._random.randrange(_MOST_CHANGES_OF_A_GROUP)
                moments += [self._random.randint(earliest, latest) for _ in range(count)]
            touched: set[str] = set()
            for when in sorted(moments):
                yield from self._membership(group, when, touched)
        yield from self._newcomers()

    def _membership(self, group: str, when: int, touched: set[str]) -> Iterator[Happening]:
        """Somebody who is in the group was put in, or somebody who is not was taken out."""
        members = self._company.members[group]
        # Who administers through a group did so all the time: nobody is put into it.
        may_add = bool(members) and group not in self._company.group_roles
        adding = may_add and self._random.random() < 0.6
        candidates = members if adding else self._company.user_ids
        for _ in range(20):
            user = self._random.choice(candidates)
            inside = group in self._company.groups_of.get(user, ())
            # Rules put newcomers into their groups when they come, and not once more later.
            latest = self._staff.begin if group in self._filled else when
            if user in touched or inside != adding or millis(self._company.users[user]["created"]) > latest:
                continue
            touched.add(user)
            yield self._change_of(group, user, when, adding=adding)
            return

    def _change_of(self, group: str, user: str, when: int, *, adding: bool) -> Happening:
        if adding:
            for app in self._company.apps_of_group.get(group, ()):
                known = self._staff.opened.get((user, app), 0)
                self._staff.opened[user, app] = max(known, when)
        event = "group.user_membership.add" if adding else "group.user_membership.remove"
        targets = (self._staff.thing(user), of.group(self._company.groups[group]))
        if group in self._filled:
            return Happening(when, event, SYSTEM, targets)
        return self._by_admin(when, event, *targets)

    def _newcomers(self) -> Iterator[Happening]:
        """Rules put people into their groups when they are created, unless the group says it changed last before."""
        for user, record in self._company.users.items():
            created = millis(record["created"])
            if not self._staff.within(created):
                continue
            for group in self._company.groups_of.get(user, ()):
                groups = self._company.groups[group]
                if group in self._filled and created <= millis(groups["lastMembershipUpdated"]):
                    targets = (self._staff.thing(user), of.group(groups))
                    yield Happening(created, "group.user_membership.add", SYSTEM, targets)

    def _assignments(self) -> Iterator[Happening]:
        staff = self._staff
        newcomers = [user for user, record in self._company.users.items() if staff.within(millis(record["created"]))]
        for app, record in self._company.apps.items():
            scopes, target, made = self._company.app_scopes[app], of.app(record), staff.app_created[app]
            for user in newcomers:
                when = millis(self._company.users[user]["created"])
                if user in scopes and when >= made:
                    yield self._assignment(when, user, scopes[user], target)
            if staff.within(made):
                for link in self._company.app_groups[app]:
                    yield self._by_admin(
                        made, "group.application_assignment.add", target, of.group(self._company.groups[link["id"]])
                    )
            if staff.within(millis(record["lastUpdated"])):
                yield self._by_admin(millis(record["lastUpdated"]), "application.lifecycle.update", target)

    def _assignment(self, when: int, user: str, scope: str, target: Thing) -> Happening:
        me = self._staff.thing(user)
        seat = app_user(self._company.seed, target.id, me)
        event = "application.user_membership.add"
        if scope == "GROUP":
            return Happening(when, event, SYSTEM, (seat, target, me))
        return self._by_admin(when, event, seat, target, me)

    def _roles(self) -> Iterator[Happening]:
        for user, roles in self._company.user_roles.items():
            for role in roles:
                yield from self._role("user.account.privilege.grant", self._staff.thing(user), role)
        for group, roles in self._company.group_roles.items():
            for role in roles:
                yield from self._role("group.privilege.grant", of.group(self._company.groups[group]), role)

    def _role(self, event: str, to: Thing, role: Record) -> Iterator[Happening]:
        when = millis(role["created"])
        if self._staff.within(when):
            yield self._by_admin(when, event, to, debug=(("privilegeGranted", role["label"]),))

    def _factors(self) -> Iterator[Happening]:
        for user, span in self._staff.spans.items():
            if span.end < self._staff.begin:
                continue
            for factor in self._staff.factors(user):
                if self._staff.within(factor.created) and factor.created <= span.end:
                    yield self._by_self(
                        factor.created, "user.mfa.factor.activate", user, debug=(("factor", factor.kind),)
                    )

    def _devices(self) -> Iterator[Happening]:
        for device, record in self._company.devices.items():
            target = Thing(device, "Device", "unknown", record["profile"]["displayName"])
            created, updated = millis(record["created"]), millis(record["lastUpdated"])
            event = {"SUSPENDED": "device.lifecycle.suspend", "DEACTIVATED": "device.lifecycle.deactivate"}
            if self._staff.within(updated) and record["status"] in event:
                yield self._by_admin(updated, event[record["status"]], target)
            uses = self._company.device_uses[device]
            span = self._staff.spans.get(uses[0].user_id) if uses else None
            if span and self._staff.within(created) and span.start <= created <= span.end:
                yield self._by_self(created, "device.enrollment.create", uses[0].user_id, target)

    def _settings(self) -> Iterator[Happening]:
        company = self._company
        changes: list[tuple[str, Record, tuple[Thing, ...]]]
        changes = [("zone.update", zone, (of.zone(zone),)) for zone in company.zones.values()]
        for policy_id, policy in company.policies.items():
            target = of.policy(policy)
            changes.append(("policy.lifecycle.update", policy, (target,)))
            changes += [
                ("policy.rule.update", rule, (of.rule(rule), target)) for rule in company.policy_rules[policy_id]
            ]
        changes += [("group.profile.update", group, (of.group(group),)) for group in company.groups.values()]
        for event, record, targets in changes:
            if self._staff.within(millis(record["lastUpdated"])):
                yield self._by_admin(millis(record["lastUpdated"]), event, *targets)


def app_user(seed: int, app: str, user: Thing) -> Thing:
    """Somebody's account in an application, as target."""
    return Thing(okta_id("0ua", seed, "assignment", app, user.id), "AppUser", user.alternate_id, user.name)
