"""What people do all day: sign in, prove who they are, open applications, mistype their password."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from holdfast.demo.cast import group_id
from holdfast.demo.log import happenings as of
from holdfast.demo.log.directory import app_user
from holdfast.demo.log.happenings import DAY, HOUR, MINUTE, SECOND, Client, Happening, Thing
from holdfast.demo.log.places import anonymous_client
from holdfast.demo.log.staff import Factor, Staff
from holdfast.demo.words import DOMAIN

if TYPE_CHECKING:
    from holdfast.demo.company import Company

# How a factor is checked: provider and type of the credential.
_CREDENTIALS = {
    "email": ("OKTA_CREDENTIAL_PROVIDER", "EMAIL"),
    "sms": ("OKTA_CREDENTIAL_PROVIDER", "SMS"),
    "token:hardware": ("YUBIKEY", "OTP"),
}
_OTHER_CREDENTIAL = ("OKTA_CREDENTIAL_PROVIDER", "OTP")
PASSWORD = ("OKTA_AUTHENTICATION_PROVIDER", "PASSWORD")
# Applications that nobody has opened for so long, though a group has them.
_FORGOTTEN = "Datadog"
_FORGOTTEN_DAYS = 61
_SESSION = 10 * HOUR


class Activity:
    """Sign-ins of one company. Every flow is the events of one session, in order."""

    def __init__(self, staff: Staff, random: Random) -> None:
        self._staff = staff
        self._company = staff.company
        self._random = random
        self._sessions = 0
        self._seats: dict[tuple[str, str], tuple[Thing, ...]] = {}
        self._forgotten = {app for app, record in self._company.apps.items() if record["label"] == _FORGOTTEN}
        contractors = group_id(self._company.seed, "Contractors")
        self._contractors = frozenset(self._company.members.get(contractors, ()))
        self._targets = _sign_on_targets(self._company)

    def last_sign_ins(self, *, besides: Collection[str]) -> Iterator[Happening]:
        """Everyone's last sign-in, but for some people's, at the very moment that the record tells."""
        for user, span in self._staff.spans.items():
            if span.last is not None and span.last >= self._staff.begin and user not in besides:
                yield from self.flow(user, span.last, apps=self._random.randrange(3))

    def everyday(self, count: int) -> Iterator[Happening]:
        """`count` events of ordinary days, or none where nobody ever signed in."""
        users, weights = self._regulars()
        if not users:
            return
        written = 0
        for user in _endless(self._random, users, weights):
            for happening in self._ordinary(user):
                if written == count:
                    return
                yield happening
                written += 1

    def _regulars(self) -> tuple[list[str], list[float]]:
        users, weights = [], []
        for user, span in self._staff.spans.items():
            if span.last is not None and span.last > max(self._staff.begin, span.start) + MINUTE:
                days = (span.last - max(self._staff.begin, span.start)) / DAY
                users.append(user)
                weights.append(days * self._random.uniform(0.3, 3))
        return users, list(accumulate(weights))

    def _ordinary(self, user: str) -> Iterator[Happening]:
        span = self._staff.spans[user]
        assert span.last is not None
        when = _working_hour(self._random, max(self._staff.begin, span.start), span.last - 1)
        kind = self._random.random()
        if kind < 0.012:
            yield from self._refused(user, when)
        elif kind < 0.02:
            yield self._unknown(when)
        elif kind < 0.09:
            yield from self._mistyped(user, when)
        else:
            yield from self.flow(user, when, apps=self._random.choice((0, 1, 1, 2, 2, 3, 4)))

    def flow(self, user: str, when: int, *, apps: int, client: Client | None = None) -> Iterator[Happening]:
        """A sign-in that succeeds at `when`: the policy, the session, the factor and up to so many applications."""
        self._sessions += 1
        session, me = self._sessions, self._staff.thing(user)
        where = client or self._staff.client(user, self._random)
        factor = self._factor(user, when)
        signing = Happening(when, "user.session.start", me, (), where, session=session, credential=PASSWORD)
        asked = "CHALLENGE" if user in self._contractors else "ALLOW"
        rule = self._rule(user, where)
        yield signing._replace(event="policy.evaluate_sign_on", targets=rule, result=asked, credential=None)
        yield signing
        if factor and (asked == "CHALLENGE" or self._random.random() < 0.6):
            yield from self._proved(signing, factor)
        yield from self._opened(user, signing, apps)

    def _proved(self, signing: Happening, factor: Factor) -> Iterator[Happening]:
        proof = signing._replace(
            when=min(signing.when + self._random.randint(3, 40) * SECOND, self._latest(signing.actor.id)),
            event="user.authentication.auth_via_mfa",
            targets=(signing.actor,),
            debug=(("factor", factor.kind), ("factorId", factor.id)),
            credential=_CREDENTIALS.get(factor.kind, _OTHER_CREDENTIAL),
        )
        if self._random.random() < 0.04:
            yield proof._replace(when=signing.when, result="FAILURE", reason="INVALID_CREDENTIALS")
        yield proof

    def _opened(self, user: str, signing: Happening, apps: int) -> Iterator[Happening]:
        mine = self._staff.apps_of.get(user, ())
        if not mine:
            return
        when, latest = signing.when, self._latest(user)
        for _ in range(apps):
            when += self._random.randint(10, _SESSION // SECOND // 4) * SECOND
            app = self._random.choice(mine)
            if when > latest or not self._may_open(user, app, when):
                continue
            seat = self._seat(signing.actor, app)
            yield signing._replace(when=when, event="user.authentication.sso", targets=seat, credential=None)

    def _seat(self, person: Thing, app: str) -> tuple[Thing, ...]:
        """The targets of opening an application: most people open few, again and again."""
        if (person.id, app) not in self._seats:
            target = of.app(self._company.apps[app])
            self._seats[person.id, app] = (target, app_user(self._company.seed, app, person))
        return self._seats[person.id, app]

    def _may_open(self, user: str, app: str, when: int) -> bool:
        forgotten = app in self._forgotten and when > self._staff.now - _FORGOTTEN_DAYS * DAY
        return not forgotten and self._staff.may_open(user, app, when)

    def _latest(self, user: str) -> int:
        """The last moment at which the person could do something, or at which the log knows anything."""
        span = self._staff.spans[user]
        return max(min(span.end, self._staff.now), span.last or 0)

    def _factor(self, user: str, when: int) -> Factor | None:
        enrolled = [factor for factor in self._staff.factors(user) if factor.created <= when]
        return self._random.choice(enrolled) if enrolled else None

    def _mistyped(self, user: str, when: int) -> Iterator[Happening]:
        where = self._staff.client(user, self._random)
        for tried in sorted(
            when + self._random.randint(0, 90) * SECOND for _ in range(self._random.choice((1, 1, 2, 3)))
        ):
            if tried <= self._latest(user):
                yield self.failed(user, tried, where)

    def failed(self, user: str, when: int, client: Client) -> Happening:
        """A wrong password."""
        me = self._staff.thing(user)
        failure = Happening(when, "user.session.start", me, (), client, "FAILURE", "INVALID_CREDENTIALS")
        return failure._replace(credential=PASSWORD)

    def _unknown(self, when: int) -> Happening:
        """Somebody tries a name that nobody has."""
        name = f"{self._random.choice(('admin', 'test', 'info', 'j.smith', 'root'))}@{DOMAIN}"
        actor = Thing("unknown", "User", name, "unknown")
        client = anonymous_client(self._random)
        return Happening(when, "user.session.start", actor, (), client, "FAILURE", "VERIFICATION_ERROR")

    def _refused(self, user: str, when: int) -> Iterator[Happening]:
        """From an anonymiser: the policy of contractors refuses the sign-in, that of applications everybody."""
        me, client = self._staff.thing(user), anonymous_client(self._random)
        denial = Happening(
            when, "policy.evaluate_sign_on", me, (), client, "DENY", "Sign-on policy evaluation resulted in DENY"
        )
        if user in self._contractors:
            yield denial._replace(targets=self._targets["No sign-in from anonymisers"])
            return
        guarded = [
            app for app in self._staff.apps_of.get(user, ()) if self._blocks(app) and self._may_open(user, app, when)
        ]
        if guarded:
            app = of.app(self._company.apps[self._random.choice(guarded)])
            yield denial._replace(targets=(app, *self._targets["Blocked networks"]))

    def _blocks(self, app: str) -> bool:
        policy = self._targets["Blocked networks"][0].id
        return bool(self._company.apps[app].get("accessPolicy") == policy)

    def _rule(self, user: str, client: Client) -> tuple[Thing, ...]:
        """The rule that let the person in."""
        if user not in self._contractors:
            return self._targets["Default Rule"]
        exempt = self._company.cases.sms_only_contractor
        return self._targets["Offices" if client.zone == "Offices" and user != exempt else "Anywhere else"]


def _sign_on_targets(company: Company) -> dict[str, tuple[Thing, ...]]:
    """Rules that decide about sign-ins, by their names, each with its policy."""
    found: dict[str, tuple[Thing, ...]] = {}
    for policy, rules in company.policy_rules.items():
        record = company.policies[policy]
        if record["type"] == "OKTA_SIGN_ON" or (
            record["type"] == "ACCESS_POLICY" and record["name"] == "Any two factors"
        ):
            for rule in rules:
                found[rule["name"]] = (of.policy(record), of.rule(rule))
    return found


def _endless(random: Random, users: list[str], weights: list[float]) -> Iterator[str]:
    while True:
        yield from random.choices(users, cum_weights=weights, k=1_000)


def _working_hour(random: Random, first: int, last: int) -> int:
    """A moment between the two, most often on a working day in daylight (UTC)."""
    when = random.randint(first, last)
    if datetime.fromtimestamp(when / 1_000, UTC).weekday() > 4 and random.random() < 0.7:
        when = random.randint(first, last)
    day = when - when % DAY
    moved = day + int(min(max(random.gauss(13, 3.5), 0), 23.9) * HOUR)
    return moved if first <= moved <= last else when
