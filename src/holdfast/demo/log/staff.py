"""What the log must know of the people: from when until when each could do what, from where, and who administered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from holdfast.demo.log.happenings import DAY, SYSTEM, Agent, Client, Thing, millis, person
from holdfast.demo.log.places import AGENTS, HOME, LINUX, MOBILE, OFFICE, PLACES, SCRIPT
from holdfast.demo.records import Record

if TYPE_CHECKING:
    from holdfast.demo.company import Company

LOG_DAYS = 90
# Signing on to these goes through Okta; a bookmark is only an address.
_SIGN_ON_MODES = frozenset({"SAML_2_0", "OPENID_CONNECT", "BROWSER_PLUGIN", "AUTO_LOGIN"})
_PRESENT = frozenset({"ACTIVE", "PASSWORD_EXPIRED", "RECOVERY"})


class Span(NamedTuple):
    """When somebody could act: from the activation to the last moment, and the last sign-in if there was one."""

    start: int
    end: int
    last: int | None


class Factor(NamedTuple):
    """An active factor and the moment of its enrolment."""

    created: int
    kind: str
    provider: str
    id: str


class Staff:
    """The people of one company, as its log sees them. Moments are milliseconds since 1970."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.now = round(company.now.timestamp() * 1_000)
        self.begin = self.now - LOG_DAYS * DAY
        # User and application → from when on an added membership opened it.
        self.opened: dict[tuple[str, str], int] = {}
        self._things: dict[str, Thing] = {}
        self._factors: dict[str, tuple[Factor, ...]] = {}

    def within(self, when: int) -> bool:
        """Whether the log still tells of that moment."""
        return self.begin <= when <= self.now

    def thing(self, user: str) -> Thing:
        """The person as actor or target."""
        if user not in self._things:
            self._things[user] = person(self.company.users[user])
        return self._things[user]

    @cached_property
    def spans(self) -> Mapping[str, Span]:
        """Everyone who was ever activated."""
        return {
            user: _span(record, self.now)
            for user, record in self.company.users.items()
            if record["activated"] is not None
        }

    def factors(self, user: str) -> tuple[Factor, ...]:
        """The person's active factors, the oldest first."""
        if user not in self._factors:
            self._factors[user] = tuple(
                sorted(
                    Factor(millis(factor["created"]), factor["factorType"], factor["provider"], factor["id"])
                    for factor in self.company.factors(user)
                    if factor["status"] == "ACTIVE"
                )
            )
        return self._factors[user]

    @cached_property
    def apps_of(self) -> Mapping[str, tuple[str, ...]]:
        """User id → active applications that can be signed on to."""
        found: dict[str, list[str]] = defaultdict(list)
        for app, scopes in self.company.app_scopes.items():
            record = self.company.apps[app]
            if record["status"] == "ACTIVE" and record["signOnMode"] in _SIGN_ON_MODES:
                for user in scopes:
                    found[user].append(app)
        return {user: tuple(apps) for user, apps in found.items()}

    @cached_property
    def app_created(self) -> Mapping[str, int]:
        """App id → when it was made."""
        return {app: millis(record["created"]) for app, record in self.company.apps.items()}

    def may_open(self, user: str, app: str, when: int) -> bool:
        """Whether the person, who has the application now, had it then as far as anything tells."""
        return when >= max(self.app_created[app], self.opened.get((user, app), 0))

    @cached_property
    def _admins(self) -> tuple[tuple[str, int, int], ...]:
        """Administrators who sign in: id, from when, until when."""
        found = []
        for user in self.company.administrators:
            span = self.spans.get(user)
            if span is None or span.last is None or self.company.users[user]["status"] != "ACTIVE":
                continue
            since = max(span.start, min(millis(role["created"]) for role in self.company.roles(user)))
            found.append((user, since, span.last))
        return tuple(found)

    def admin_at(self, when: int, random: Random) -> Thing:
        """An administrator of that moment, who signed in then or later; Okta itself where there was none."""
        then = [user for user, since, last in self._admins if since <= when <= last]
        return self.thing(random.choice(then)) if then else SYSTEM

    def client(self, user: str, random: Random) -> Client:
        """Where the person usually is: the office, at home or on the way."""
        record = self.company.users[user]
        city = record["profile"]["city"]
        noise = blake2b(user.encode(), digest_size=8).digest()
        if record["profile"]["userType"] == "Service":
            return Client(f"192.0.2.{200 + noise[0] % 11}", PLACES[city], SCRIPT, OFFICE, "Offices")
        agents = self._agents(user, noise[1])
        where = random.random()
        if where < 0.55:
            return Client(f"192.0.2.{1 + noise[2] % 125}", PLACES[city], agents[0], OFFICE, "Offices")
        if where < 0.93:
            return Client(f"198.18.{noise[3]}.{1 + noise[4] % 253}", PLACES[city], agents[0], HOME)
        return Client(f"100.64.{noise[5]}.{1 + noise[6] % 253}", PLACES[city], agents[-1], MOBILE)

    def _agents(self, user: str, noise: int) -> tuple[Agent, ...]:
        devices = self.company.devices_of.get(user, ())
        platforms = [self.company.devices[device]["profile"]["platform"] for device in devices]
        agents = tuple(AGENTS[name][noise % len(AGENTS[name])] for name in platforms)
        return agents or (LINUX if noise < 25 else AGENTS["WINDOWS"][noise % 2],)


def _span(record: Record, now: int) -> Span:
    last = None if record["lastLogin"] is None else millis(record["lastLogin"])
    end = now if record["status"] in _PRESENT else millis(record["statusChanged"])
    return Span(millis(record["activated"]), end, last)
