"""What stands out in sign-ins: distances, speeds, what is new, and the level that follows by rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import cos, inf, pi, radians, sin
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.special.sign_ins import (
    LEAST_KM,
    LOCKOUT,
    MOST_KM_PER_HOUR,
    PUSH_REFUSED,
    SIGN_IN,
    SUSPICION,
    Event,
    event_of,
    findings,
    kilometres,
    kilometres_per_hour,
    level,
)

SINCE = datetime(2026, 11, 13, tzinfo=UTC)
BERLIN, LONDON, SYDNEY = (52.52, 13.405), (51.5074, -0.1278), (-33.8688, 151.2093)
PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def event(hours: float, **changes: Any) -> Event:
    """A successful sign-in from Berlin, so many hours after the window began."""
    usual: dict[str, Any] = {
        "uuid": f"e{hours}", "kind": SIGN_IN, "message": "Sign-in to Okta", "result": "SUCCESS", "reason": None,
        "ip": "192.0.2.1", "country": "Germany", "city": "Berlin", "place": BERLIN, "client": "Computer, macOS, CHROME",
    }  # fmt: skip
    return Event(at=SINCE + timedelta(hours=hours), **{**usual, **changes})


def in_london(hours: float, **changes: Any) -> Event:
    return event(hours, **{"country": "United Kingdom", "city": "London", "place": LONDON, **changes})


def kinds(*events: Event) -> list[str]:
    return [finding.kind for finding in findings(events, SINCE)]


def grade(*events: Event) -> str:
    found = findings(events, SINCE)
    return level(found, sum(each.is_sign_in and each.at >= SINCE for each in events))[0]


def test_known_distances() -> None:
    assert kilometres(BERLIN, LONDON) == pytest.approx(932, abs=3)
    assert kilometres(LONDON, SYDNEY) == pytest.approx(16_994, abs=20)
    assert kilometres((0, 0), (0, 180)) == pytest.approx(pi * 6_371)


@given(one=PLACES, other=PLACES)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_way_round(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    there = kilometres(one, other)
    assert there == pytest.approx(kilometres(other, one))
    assert 0 <= there <= pi * 6_371 + 1e-6
    assert kilometres(one, one) == pytest.approx(0, abs=1e-6)


@given(one=PLACES, other=PLACES, third=PLACES)
def test_no_way_round_is_shorter(
    one: tuple[float, float], other: tuple[float, float], third: tuple[float, float]
) -> None:
    assert kilometres(one, other) <= kilometres(one, third) + kilometres(third, other) + 1e-6


@given(one=PLACES, other=PLACES)
def test_a_distance_is_that_of_the_straight_line_through_the_globe(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    def point(place: tuple[float, float]) -> tuple[float, float, float]:
        north, east = radians(place[0]), radians(place[1])
        return cos(north) * cos(east), cos(north) * sin(east), sin(north)

    chord = sum((a - b) ** 2 for a, b in zip(point(one), point(other), strict=True)) ** 0.5
    assert 2 * sin(kilometres(one, other) / 6_371 / 2) == pytest.approx(chord, abs=1e-9)


@given(distance=st.floats(0, 20_000), hours=st.floats(0.001, 1_000))
def test_a_speed_is_distance_by_time(distance: float, hours: float) -> None:
    assert kilometres_per_hour(distance, timedelta(hours=hours)) == pytest.approx(distance / hours, rel=1e-3)
    assert kilometres_per_hour(distance, timedelta()) == inf


@given(other=PLACES, minutes=st.integers(0, 3_000))
def test_travel_is_impossible_exactly_beyond_the_named_speed_and_distance(
    other: tuple[float, float], minutes: int
) -> None:
    distance = kilometres(BERLIN, other)
    fast = distance * 60 > MOST_KM_PER_HOUR * minutes
    assume(abs(distance * 60 - MOST_KM_PER_HOUR * minutes) > 1 and abs(distance - LEAST_KM) > 1)
    found = kinds(event(1), event(1 + minutes / 60, uuid="x", place=other))
    assert ("impossible_travel" in found) == (fast and distance >= LEAST_KM)


def test_places_too_near_for_an_address_to_tell_apart_are_no_travel() -> None:
    potsdam, hamburg = (52.39, 13.06), (53.55, 9.99)
    assert kinds(event(1), event(1.01, place=potsdam)) == ["no_baseline"]
    assert kinds(event(1), event(1.01, place=hamburg)) == ["no_baseline", "impossible_travel"]


def test_travel_names_both_events_and_counts_from_the_last_sign_in_before_the_window() -> None:
    (travel,) = [f for f in findings([event(-0.5), in_london(0.25)], SINCE) if f.kind == "impossible_travel"]
    assert travel.event is not None
    assert travel.event.uuid == "e0.25"
    assert "from event e-0.5" in travel.why
    assert "Berlin, Germany to London, United Kingdom, 932 km at 1,2" in travel.what


def test_a_failure_elsewhere_is_no_travel_of_the_person() -> None:
    assert kinds(event(-24), event(1), in_london(1.1, result="FAILURE", reason="INVALID_CREDENTIALS")) == ["failure"]


def test_a_country_is_new_once_and_only_against_what_was_before() -> None:
    assert kinds(event(-24), in_london(5), in_london(6)) == ["new_country"]
    assert kinds(in_london(-48), event(-24), in_london(5)) == []
    assert kinds(event(-24), in_london(-5, result="FAILURE"), in_london(5)) == ["new_country"]


def test_a_device_is_new_once() -> None:
    assert kinds(event(-24), event(5, client="Mobile, iOS, SAFARI"), event(6, client="Mobile, iOS, SAFARI")) == [
        "new_device"
    ]


def test_without_sign_ins_before_nothing_is_called_new_and_that_is_said() -> None:
    assert kinds(in_london(5)) == ["no_baseline"]
    assert grade(in_london(5)) == "unknown"


def test_an_unknown_place_is_said_and_never_taken_for_a_usual_one() -> None:
    hidden = event(5, country=None, city=None, place=None)
    assert kinds(event(-24), hidden) == ["unknown_place"]
    assert grade(event(-24), hidden) == "unknown"


def test_failures_and_denials_differ() -> None:
    denied = event(2, kind="policy.evaluate_sign_on", result="DENY")
    assert kinds(event(-24), event(1, result="FAILURE"), denied, event(3, kind=LOCKOUT, result="FAILURE")) == [
        "failure", "denial", "lockout",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], "unknown"),
        ([event(1)], "low"),
        ([event(n / 10, uuid=f"f{n}", result="FAILURE") for n in range(4)], "low"),
        ([event(n / 10, uuid=f"f{n}", result="FAILURE") for n in range(5)], "medium"),
        ([in_london(5)], "medium"),
        ([event(5, client="Mobile")], "low"),
        ([event(5, client="Mobile"), event(6, result="FAILURE")], "medium"),
        ([event(1, kind=LOCKOUT, result="FAILURE")], "medium"),
        ([event(1, kind="policy.evaluate_sign_on", result="DENY")], "medium"),
        ([event(1, kind=PUSH_REFUSED)], "high"),
        ([event(1, kind=SUSPICION)], "high"),
        ([event(1), in_london(1.2)], "high"),
        ([*(event(5 + n / 100, uuid=f"f{n}", result="FAILURE") for n in range(3)), in_london(5.5)], "high"),
        ([*(event(1 + n / 100, uuid=f"f{n}", result="FAILURE") for n in range(3)), in_london(5.5)], "medium"),
    ],
)
def test_the_level_follows_from_the_rules(events: list[Event], expected: str) -> None:
    before = [] if not events else [event(-24)]
    assert grade(*before, *events) == expected


def test_an_event_is_read_as_the_tenant_tells_it_and_what_it_leaves_out_is_unknown() -> None:
    bare = event_of({"uuid": "e", "published": "2026-11-20T10:00:00.000Z", "eventType": SIGN_IN, "client": None})
    assert (bare.result, bare.country, bare.place, bare.client, bare.ip) == ("UNKNOWN", None, None, None, None)
    assert not bare.is_sign_in
    told = event_of(
        {
            "uuid": "e", "published": "2026-11-20T10:00:00.000Z", "eventType": SIGN_IN, "displayMessage": "Sign-in",
            "outcome": {"result": "SUCCESS", "reason": None},
            "client": {
                "ipAddress": "192.0.2.1", "device": "Computer", "userAgent": {"os": "macOS", "browser": "UNKNOWN"},
                "geographicalContext": {"country": "Germany", "city": None, "geolocation": {"lat": 0.0, "lon": 0.0}},
            },
        }
    )  # fmt: skip
    assert told.is_sign_in
    assert (told.client, told.country, told.city, told.place) == ("Computer, macOS", "Germany", None, (0.0, 0.0))
