"""What tests of the demo tenant's system log share: small companies, their events, and words to read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from holdfast.demo import Company, make_company
from holdfast.demo.log.writing import system_log

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BEGIN = NOW - timedelta(days=90)
EVENTS = 2_500
Event = dict[str, Any]


@cache
def company_of(seed: int, users: int = 60) -> Company:
    return make_company(seed, users, now=NOW, log_events=EVENTS)


@cache
def events_of(seed: int, users: int = 60) -> tuple[Event, ...]:
    return tuple(system_log(company_of(seed, users)).events())


def of_type(events: Iterable[Event], *types: str) -> list[Event]:
    return [event for event in events if event["eventType"] in types]


def moment(event: Event) -> str:
    return str(event["published"])


def stamp_of(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def target(event: Event, kind: str) -> str:
    return str(next(thing["id"] for thing in event["target"] if thing["type"] == kind))


def in_the_log(stamp: str | None) -> bool:
    return stamp is not None and BEGIN <= datetime.fromisoformat(stamp) <= NOW


def country(event: Event) -> str:
    return str(event["client"]["geographicalContext"]["country"])
