"""What is unusual in a person's sign-ins, by stated rules; pure. What no event tells is unknown, never usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, cos, inf, radians, sin, sqrt
from typing import Any, Final, Literal

# Airliners cruise at 900 km/h; addresses are placed within about a hundred kilometres.
MOST_KM_PER_HOUR: Final = 1_000.0
LEAST_KM: Final = 150.0
MANY_FAILURES: Final = 5
FAILURES_BEFORE: Final = 3
SHORTLY: Final = timedelta(hours=1)
_EARTH_KM: Final = 6_371.0

SIGN_IN: Final = "user.session.start"
LOCKOUT: Final = "user.account.lock"
PUSH_REFUSED: Final = "user.mfa.okta_verify.deny_push"
# All that is read of the log.
EVENT_TYPES: Final = (
    SIGN_IN,
    LOCKOUT,
    PUSH_REFUSED,
    "user.authentication.auth_via_mfa",
    "user.authentication.sso",
    "policy.evaluate_sign_on",
    "user.account.report_suspicious_activity_by_enduser",
)
SUSPICION: Final = EVENT_TYPES[-1]

Kind = Literal[
    "level", "impossible_travel", "new_country", "new_device", "failure", "denial", "lockout", "push_refused",
    "reported", "unknown_place", "no_baseline",
]  # fmt: skip
Level = Literal["low", "medium", "high", "unknown"]


@dataclass(frozen=True)
class Event:
    """An event of the system log, as far as it is about a sign-in; None: the log does not say."""

    uuid: str
    at: datetime
    kind: str
    message: str
    result: str
    reason: str | None
    ip: str | None
    country: str | None
    city: str | None
    # Degrees north and east.
    place: tuple[float, float] | None
    client: str | None

    @property
    def is_sign_in(self) -> bool:
        """Whether a session began."""
        return self.kind == SIGN_IN and self.result == "SUCCESS"


@dataclass(frozen=True)
class Finding:
    """Something that stands out, why, and the event that shows it; None where it is about no single one."""

    kind: Kind
    what: str
    why: str
    event: Event | None = None


def event_of(record: Mapping[str, Any]) -> Event:
    """An event as the tenant tells it."""
    client = record.get("client") or {}
    where = client.get("geographicalContext") or {}
    outcome = record.get("outcome") or {}
    return Event(
        uuid=str(record["uuid"]),
        at=datetime.fromisoformat(record["published"]),
        kind=str(record["eventType"]),
        message=str(record.get("displayMessage") or record["eventType"]),
        result=str(outcome.get("result") or "UNKNOWN"),
        reason=outcome.get("reason"),
        ip=client.get("ipAddress"),
        country=where.get("country"),
        city=where.get("city"),
        place=_coordinates(where.get("geolocation") or {}),
        client=_client_words(client),
    )


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great-circle distance of two places in degrees."""
    (north, east), (other_north, other_east) = ((radians(a), radians(b)) for a, b in (one, other))
    half = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))


def kilometres_per_hour(distance: float, between: timedelta) -> float:
    """Infinite where no time lies between."""
    hours = abs(between.total_seconds()) / 3_600
    return distance / hours if hours else inf


def findings(events: Iterable[Event], since: datetime) -> list[Finding]:
    """What stands out since then, in order of time; events before it are what it is compared with."""
    ordered = sorted(events, key=lambda event: (event.at, event.uuid))
    before = [event for event in ordered if event.at < since and event.is_sign_in]
    recent = [event for event in ordered if event.at >= since]
    found = [
        *_travels([*before[-1:], *(event for event in recent if event.is_sign_in)]),
        *_new("new_country", before, recent),
        *_new("new_device", before, recent),
        *_troubles(recent),
    ]
    timed = sorted(found, key=lambda finding: (finding.event.at if finding.event else since, finding.kind))
    return [*_without_baseline(before, recent), *_without_place(recent), *timed]


def level(found: Sequence[Finding], sign_ins: int) -> tuple[Level, tuple[str, ...]]:
    """How grave it is, and each rule that says so."""
    kinds = [finding.kind for finding in found]
    high = [
        (kinds.count("impossible_travel"), "impossible travel"),
        (kinds.count("push_refused"), "a push that the person refused"),
        (kinds.count("reported"), "suspicious activity that the person reported"),
        (_new_after_failures(found), "a new country shortly after failures"),
    ]
    if rules := tuple(f"{words} ({number})" for number, words in high if number):
        return "high", rules
    failures = kinds.count("failure")
    medium = [
        (kinds.count("new_country"), "a new country"),
        (kinds.count("lockout"), "a lockout"),
        (kinds.count("denial"), "a denial by policy"),
        (failures if failures >= MANY_FAILURES else 0, f"{MANY_FAILURES} or more failures"),
        (kinds.count("new_device") if failures else 0, "a new device together with failures"),
    ]
    if rules := tuple(f"{words} ({number})" for number, words in medium if number):
        return "medium", rules
    if {"no_baseline", "unknown_place"} & set(kinds):
        return "unknown", ("what is known gives no higher level, but not everything is known",)
    if not sign_ins and not found:
        return "unknown", ("no sign-in is in the log, so there is nothing to judge",)
    return "low", ("none of the rules for medium or high holds",)


def _travels(sign_ins: Sequence[Event]) -> Iterator[Finding]:
    placed = [event for event in sign_ins if event.place is not None]
    for earlier, later in pairwise(placed):
        assert earlier.place is not None
        assert later.place is not None
        distance = kilometres(earlier.place, later.place)
        speed = kilometres_per_hour(distance, later.at - earlier.at)
        if distance >= LEAST_KM and speed > MOST_KM_PER_HOUR:
            quick = "at once" if speed == inf else f"at {speed:,.0f} km/h"
            yield Finding(
                "impossible_travel",
                f"{_where(earlier)} to {_where(later)}, {distance:,.0f} km {quick}",
                f"faster than {MOST_KM_PER_HOUR:,.0f} km/h over more than {LEAST_KM:,.0f} km, "
                f"from event {earlier.uuid} at {earlier.at:%Y-%m-%d %H:%M} UTC",
                later,
            )


def _new(
    kind: Literal["new_country", "new_device"], before: Sequence[Event], recent: Sequence[Event]
) -> Iterator[Finding]:
    """Each country or device once, at its first sign-in; nothing is new where nothing is known of before."""
    seen = {_trait(kind, event) for event in before} - {None}
    if not seen:
        return
    for event in recent:
        trait = _trait(kind, event)
        if event.is_sign_in and trait is not None and trait not in seen:
            seen.add(trait)
            yield Finding(kind, trait, f"in none of the {len(before):,} sign-ins before", event)


def _trait(kind: str, event: Event) -> str | None:
    return event.country if kind == "new_country" else event.client


def _troubles(recent: Sequence[Event]) -> Iterator[Finding]:
    for event in recent:
        because = f"{event.result}{f': {event.reason}' if event.reason else ''}"
        if event.kind == LOCKOUT:
            yield Finding("lockout", event.message, because, event)
        elif event.kind == PUSH_REFUSED:
            yield Finding("push_refused", event.message, "the person refused a push", event)
        elif event.kind == SUSPICION:
            yield Finding("reported", event.message, "the person reported it", event)
        elif event.result == "DENY":
            yield Finding("denial", event.message, because, event)
        elif event.result == "FAILURE":
            yield Finding("failure", event.message, because, event)


def _without_baseline(before: Sequence[Event], recent: Sequence[Event]) -> Iterator[Finding]:
    if not before and any(event.is_sign_in for event in recent):
        why = "no successful sign-in before to compare with, so no country or device can be called new"
        yield Finding("no_baseline", "new countries and devices are unknown", why)


def _without_place(recent: Sequence[Event]) -> Iterator[Finding]:
    for event in recent:
        if event.is_sign_in and (event.place is None or event.country is None):
            yield Finding("unknown_place", "a sign-in from an unknown place", "the log tells no place for it", event)


def _new_after_failures(found: Sequence[Finding]) -> int:
    failed = [finding.event.at for finding in found if finding.kind == "failure" and finding.event]
    new = [finding.event.at for finding in found if finding.kind == "new_country" and finding.event]
    return sum(
        sum(timedelta() <= moment - failure <= SHORTLY for failure in failed) >= FAILURES_BEFORE for moment in new
    )


def _where(event: Event) -> str:
    return ", ".join(filter(None, (event.city, event.country))) or "an unnamed place"


def _coordinates(geolocation: Mapping[str, Any]) -> tuple[float, float] | None:
    north, east = geolocation.get("lat"), geolocation.get("lon")
    return None if north is None or east is None else (float(north), float(east))


def _client_words(client: Mapping[str, Any]) -> str | None:
    agent = client.get("userAgent") or {}
    words = [client.get("device"), agent.get("os"), agent.get("browser")]
    known = [str(word) for word in words if word and str(word).upper() != "UNKNOWN"]
    return ", ".join(known) or agent.get("rawUserAgent")
