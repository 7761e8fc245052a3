"""What administrators and the platform do beside the people: tokens, limits, hooks, provisioning, attacks."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from holdfast.demo.log import happenings as of
from holdfast.demo.log.directory import app_user
from holdfast.demo.log.happenings import DAY, HOUR, MINUTE, SECOND, SYSTEM, Client, Happening, Thing
from holdfast.demo.log.places import HOME, PLACES, SCRIPT, anonymous_client, blocked_client
from holdfast.demo.log.staff import Staff
from holdfast.demo.records import okta_id

_PEOPLE_PER_CASE = 60
_FACTOR_KINDS = ("email", "push", "signed_nonce", "token:software:totp", "sms", "webauthn", "question", "call")
_UNKNOWN = Thing("unknown", "User", "unknown", "unknown")
_PUSH_ERRORS = (
    "Failed to create user: a user with this user name exists already",
    "Failed to create user: the service answered 503 Service Unavailable",
    "Failed to create user: no licence is left",
)


class Operations:
    """Writes them down, a few for every sixty people."""

    def __init__(self, staff: Staff, random: Random) -> None:
        self._staff = staff
        self._company = staff.company
        self._random = random
        self._cases = 3 + min(len(staff.company.users), 20_000) // _PEOPLE_PER_CASE

    def happenings(self) -> Iterator[Happening]:
        """Everything, in no order."""
        for _ in range(self._cases):
            yield from self._removed_factor()
            yield from self._lock_and_unlock()
            yield from self._refused_push()
            yield from self._failed_provisioning()
            yield from self._admin_console()
            yield from self._unwanted_request()
        yield from self._tokens()
        yield from self._limits()
        yield from self._streams_and_hooks()

    def _moment(self, first: int | None = None, last: int | None = None) -> int:
        return self._random.randint(first or self._staff.begin, (last or self._staff.now) - HOUR)

    def _somebody(self, when: int) -> str | None:
        """Somebody who was there at that moment."""
        for _ in range(10):
            user = self._random.choice(self._company.user_ids)
            span = self._staff.spans.get(user)
            if span and self._company.users[user]["status"] == "ACTIVE" and span.start < when - HOUR:
                return user
        return None

    def _by_admin(self, when: int, event: str, *targets: Thing) -> Happening:
        admin = self._staff.admin_at(when, self._random)
        return Happening(when, event, admin, targets, self._where(admin))

    def _where(self, actor: Thing) -> Client | None:
        return None if actor is SYSTEM else self._staff.client(actor.id, self._random)

    def _removed_factor(self) -> Iterator[Happening]:
        """A factor that the person has no longer, removed by an administrator or by the person."""
        when = self._moment()
        user = self._somebody(when)
        if user is None:
            return
        kinds = {factor["factorType"] for factor in self._company.factors(user)}
        lost = [kind for kind in _FACTOR_KINDS if kind not in kinds]
        me, debug = self._staff.thing(user), (("factor", self._random.choice(lost or ["token:hardware"])),)
        removal = self._by_admin(when, "user.mfa.factor.deactivate", me)
        if self._random.random() < 0.5:
            removal = removal._replace(actor=me, client=self._where(me))
        yield removal._replace(debug=debug)

    def _lock_and_unlock(self) -> Iterator[Happening]:
        when = self._moment()
        user = self._somebody(when)
        if user is None:
            return
        me = self._staff.thing(user)
        failure = Happening(when, "user.session.start", me, (), self._where(me), "FAILURE", "INVALID_CREDENTIALS")
        for place in range(5):
            yield failure._replace(when=when + place * 15 * SECOND)
        locked = failure._replace(when=when + 75 * SECOND, reason="LOCKED_OUT")
        yield locked._replace(event="user.account.lock", targets=(me,))
        yield locked._replace(when=when + 100 * SECOND)
        yield self._by_admin(when + 40 * MINUTE, "user.account.unlock_by_admin", me)

    def _refused_push(self) -> Iterator[Happening]:
        when = self._moment()
        user = self._somebody(when)
        if user and any(factor.kind == "push" and factor.created < when for factor in self._staff.factors(user)):
            me = self._staff.thing(user)
            yield Happening(
                when, "user.mfa.okta_verify.deny_push", me, (me,), self._where(me), debug=(("factor", "push"),)
            )

    def _failed_provisioning(self) -> Iterator[Happening]:
        pushing = [app for app, record in self._company.apps.items() if "PUSH_NEW_USERS" in record["features"]]
        app = self._random.choice(pushing)
        users = list(self._company.app_scopes[app])
        when = self._moment()
        if not users:
            return
        user = self._random.choice(users)
        if of.millis(self._company.users[user]["created"]) > when or self._staff.app_created[app] > when:
            return
        me, target = self._staff.thing(user), of.app(self._company.apps[app])
        push = Happening(
            when, "application.provision.user.push", SYSTEM, (me, target, app_user(self._company.seed, app, me))
        )
        yield push._replace(result="FAILURE", reason=self._random.choice(_PUSH_ERRORS))

    def _admin_console(self) -> Iterator[Happening]:
        when = self._moment()
        admin = self._staff.admin_at(when, self._random)
        if admin is not SYSTEM:
            console = Thing(
                okta_id("0oa", self._company.seed, "admin console"),
                "AppInstance",
                "Okta Admin Console",
                "Okta Admin Console",
            )
            yield Happening(when, "user.session.access_admin_app", admin, (console,), self._where(admin))

    def _unwanted_request(self) -> Iterator[Happening]:
        when = self._moment()
        blocked = Happening(
            when,
            "security.request.blocked",
            _UNKNOWN,
            (),
            blocked_client(self._random),
            "DENY",
            "NETWORK_ZONE_BLACKLIST",
        )
        yield blocked
        if self._random.random() < 0.4:
            threat = (("threatSuspected", "true"), ("threatDetections", "Login failures"))
            where = anonymous_client(self._random, SCRIPT)
            yield Happening(
                self._moment(), "security.threat.detected", _UNKNOWN, (), where, "DENY", "Login failures", threat
            )

    def _tokens(self) -> Iterator[Happening]:
        """Tokens that were made and taken back: none of them is left."""
        for name in ("migration-2026", "reporting (temporary)"):
            token = Thing(okta_id("00T", self._company.seed, "gone token", name), "Token", "unknown", name)
            made = self._moment(self._staff.begin, self._staff.now - 10 * DAY)
            yield self._by_admin(made, "system.api_token.create", token)
            yield self._by_admin(self._moment(made + 2 * HOUR, made + 9 * DAY), "system.api_token.revoke", token)

    def _limits(self) -> Iterator[Happening]:
        client = Client("198.18.40.4", PLACES["Dublin"], SCRIPT, HOME)
        for path, events in (
            ("/api/v1/users", "warning violation"),
            ("/api/v1/logs", "warning"),
            ("/api/v1/apps", "warning"),
        ):
            when = self._moment()
            bucket = Thing(okta_id("", self._company.seed, "bucket", path), "Bucket Uuid", path, path)
            debug = (("url", path), ("threshold", "60"), ("timeSpan", "1"), ("timeUnit", "MINUTES"))
            for place, word in enumerate(events.split()):
                warning = Happening(
                    when + place * 20 * SECOND, f"system.org.rate_limit.{word}", SYSTEM, (bucket,), client, debug=debug
                )
                violated = word == "violation"
                yield warning._replace(result="DENY", reason="Too many requests") if violated else warning

    def _streams_and_hooks(self) -> Iterator[Happening]:
        """A log stream and an event hook that were tried for some days."""
        seed = self._company.seed
        stream = Thing(okta_id("0oa", seed, "gone log stream"), "Log Stream", "unknown", "EventBridge trial")
        hook = Thing(okta_id("who", seed, "gone event hook"), "EventHook", "unknown", "Ticket on lockout (trial)")
        began = self._staff.now - 55 * DAY + 11 * HOUR
        life = "system.log_stream.lifecycle"
        for what, events in (
            (stream, (f"{life}.create", f"{life}.deactivate", f"{life}.delete")),
            (hook, ("event_hook.created", "event_hook.deactivated", "event_hook.deleted")),
        ):
            for days, event in zip((0, 6, 7), events, strict=True):
                yield self._by_admin(began + days * DAY, event, what)
