"""The demo company: everything its tenant knows, made deterministically and then never changed.

The same seed, size and `now` give the same records. A company that moved on is another `Company` (see `changes`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar

from holdfast.demo.applications import make_applications
from holdfast.demo.cast import CAST, MIN_USERS, AwkwardCases, awkward_cases, person_id
from holdfast.demo.groups import make_groups
from holdfast.demo.log.happenings import Happening
from holdfast.demo.log.resets import FactorResets, plan_resets
from holdfast.demo.people import day_start, make_people
from holdfast.demo.policies import make_policies
from holdfast.demo.records import Record
from holdfast.demo.security import DeviceUse, factor_kinds, make_devices, make_factors, make_roles
from holdfast.errors import SettingsError

_MAX_USERS = 1_000_000
_Family = TypeVar("_Family")


@dataclass(frozen=True)
class Company:
    """One state of the tenant. Every mapping is in the order of its ids; records are Okta's, without `_links`."""

    seed: int
    now: datetime
    users: Mapping[str, Record]
    groups: Mapping[str, Record]
    # Group id → user ids in order.
    members: Mapping[str, tuple[str, ...]]
    group_rules: Mapping[str, Record]
    apps: Mapping[str, Record]
    # App id → assignments, whose `id` is the group's, in priority order.
    app_groups: Mapping[str, tuple[Record, ...]]
    # App id → people assigned one by one.
    direct: Mapping[str, frozenset[str]]
    devices: Mapping[str, Record]
    device_uses: Mapping[str, tuple[DeviceUse, ...]]
    # Roles assigned to the person; those held through a group are in `group_roles`.
    user_roles: Mapping[str, tuple[Record, ...]]
    group_roles: Mapping[str, tuple[Record, ...]]
    custom_role: Record
    policies: Mapping[str, Record]
    policy_rules: Mapping[str, tuple[Record, ...]]
    zones: Mapping[str, Record]
    # User id → kinds of factor, where a script or a change decided them.
    fixed_factors: Mapping[str, tuple[str, ...]]
    resets: FactorResets
    # How many events the system log is to have; None: as many as befit the size.
    log_events: int | None = None
    # The company as it was made, and what has happened since; None: this is it.
    origin: Company | None = None
    happened: tuple[Happening, ...] = ()
    generation: int = 0

    @cached_property
    def cases(self) -> AwkwardCases:
        """Where each awkward case is."""
        return awkward_cases(self.seed)

    @cached_property
    def _made(self) -> dict[Callable[[Company], Any], Any]:
        return {}

    def family(self, make: Callable[[Company], _Family]) -> _Family:
        """What `make` gives for this company: made when first asked for, then kept."""
        if make not in self._made:
            self._made[make] = make(self)
        family: _Family = self._made[make]
        return family

    @cached_property
    def user_ids(self) -> tuple[str, ...]:
        """Ids of all users, in order."""
        return tuple(self.users)

    @cached_property
    def groups_of(self) -> Mapping[str, tuple[str, ...]]:
        """User id → group ids in order."""
        found: dict[str, list[str]] = defaultdict(list)
        for group, users in self.members.items():
            for user in users:
                found[user].append(group)
        return {user: tuple(groups) for user, groups in found.items()}

    @cached_property
    def app_scopes(self) -> Mapping[str, Mapping[str, str]]:
        """App id → user id in order → `USER` (assigned directly) or `GROUP` (only through groups).

        Nobody who left is in it: Okta takes assignments away on deactivation.
        """
        left = {user for user, record in self.users.items() if record["status"] == "DEPROVISIONED"}
        scopes: dict[str, Mapping[str, str]] = {}
        for app in self.apps:
            direct = self.direct[app]
            through = {user for link in self.app_groups[app] for user in self.members.get(link["id"], ())}
            scopes[app] = {user: "USER" if user in direct else "GROUP" for user in sorted((through | direct) - left)}
        return scopes

    @cached_property
    def apps_of_group(self) -> Mapping[str, tuple[str, ...]]:
        """Group id → app ids in order."""
        found: dict[str, list[str]] = defaultdict(list)
        for app, links in self.app_groups.items():
            for link in links:
                found[link["id"]].append(app)
        return {group: tuple(sorted(apps)) for group, apps in found.items()}

    @cached_property
    def devices_of(self) -> Mapping[str, tuple[str, ...]]:
        """User id → device ids in order."""
        found: dict[str, list[str]] = defaultdict(list)
        for device, uses in self.device_uses.items():
            for use in uses:
                found[use.user_id].append(device)
        return {user: tuple(devices) for user, devices in found.items()}

    @cached_property
    def logins(self) -> Mapping[str, str]:
        """Login in lower case → user id."""
        return {record["profile"]["login"].lower(): user for user, record in self.users.items()}

    @cached_property
    def administrators(self) -> tuple[str, ...]:
        """Ids of everyone who holds a role, directly or through a group, in order."""
        through = {user for group in self.group_roles for user in self.members.get(group, ())}
        here = {user for user in through if self.users[user]["status"] != "DEPROVISIONED"}
        return tuple(sorted(here | self.user_roles.keys()))

    def factors(self, user_id: str) -> list[Record]:
        """The person's factors. KeyError for an unknown id. What a tenant refuses to tell is the server's matter."""
        user = self.users[user_id]
        kinds = self.fixed_factors.get(user_id)
        kinds = factor_kinds(self.seed, user) if kinds is None else kinds
        return make_factors(self.seed, user, kinds, self.now, self.resets.moments.get(user_id))

    def roles(self, user_id: str) -> list[Record]:
        """The person's role assignments as Okta lists them: direct ones, then those held through groups.

        The latter have `assignmentType` GROUP and the id of the group's assignment.
        """
        inherited: tuple[Record, ...] = ()
        if self.users[user_id]["status"] != "DEPROVISIONED":
            inherited = tuple(
                role for group in self.groups_of.get(user_id, ()) for role in self.group_roles.get(group, ())
            )
        return [*self.user_roles.get(user_id, ()), *inherited]


def make_company(seed: int, users: int, *, now: datetime | None = None, log_events: int | None = None) -> Company:
    """The company of that seed and size.

    Every date in it is relative to `now`; without it, to the start of the current UTC day, so that questions such as
    "who signed in during the last seven days" never go stale and every process of one day agrees. `log_events` is the
    length of its system log; what its records say is in it at any length. Raises SettingsError for a size that the
    company cannot have.
    """
    if not MIN_USERS <= users <= _MAX_USERS:
        raise SettingsError(
            f"The demo company cannot have {users:,} people: choose between {MIN_USERS} (all its awkward cases are "
            f"people) and {_MAX_USERS:,}."
        )
    moment = (now or day_start(datetime.now(UTC))).astimezone(UTC)
    people = make_people(seed, users, moment)
    groups = make_groups(seed, people, moment)
    apps = make_applications(seed, people, groups.members, moment)
    devices = make_devices(seed, people, moment)
    roles = make_roles(seed, people, moment)
    policies = make_policies(seed, moment)
    return Company(
        seed=seed,
        now=moment,
        users=people,
        groups=groups.groups,
        members=groups.members,
        group_rules=groups.rules,
        apps=apps.apps,
        app_groups=apps.app_groups,
        direct=apps.direct,
        devices=devices.devices,
        device_uses=devices.uses,
        user_roles=roles.by_user,
        group_roles=roles.by_group,
        custom_role=roles.custom_role,
        policies=policies.policies,
        policy_rules=policies.rules,
        zones=policies.zones,
        fixed_factors={person_id(seed, part.key): part.factors for part in CAST if part.factors is not None},
        resets=plan_resets(seed, people, roles.by_user, moment),
        log_events=log_events,
    )
