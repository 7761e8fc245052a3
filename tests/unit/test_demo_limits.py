"""Rate limits: buckets, windows, shares and the limit of requests at one time."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.demo import Plan, RateLimitOptions
from holdfast.demo.limits import RateLimiter, Standing


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.25

    def __call__(self) -> float:
        return self.now


def admitted(limiter: RateLimiter, path: str) -> Standing:
    standing = limiter.admit(path)
    assert standing is not None
    return standing


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/users", 600),
        ("/api/v1/users/00u1", 2000),
        ("/api/v1/users/00u1/factors", 1200),
        ("/api/v1/groups", 500),
        ("/api/v1/groups/00g1", 1000),
        ("/api/v1/groups/00g1/users", 500),
        ("/api/v1/groups/rules", 500),
        ("/api/v1/apps", 100),
        ("/api/v1/apps/0oa1", 500),
        ("/api/v1/apps/0oa1/users", 100),
        ("/api/v1/devices", 100),
        ("/api/v1/policies", 1200),
    ],
)
def test_each_part_of_the_api_has_its_published_limit(path: str, limit: int) -> None:
    assert admitted(RateLimiter(RateLimitOptions()), path).limit == limit


@given(st.integers(1, 300), st.floats(0.01, 1))
def test_a_window_lets_through_exactly_its_limit(requests: int, share: float) -> None:
    limiter = RateLimiter(RateLimitOptions(share=share), Clock())
    limit = max(1, int(100 * share))
    allowed = [admitted(limiter, "/api/v1/apps").allowed for _ in range(requests)]
    assert allowed == [number < limit for number in range(requests)]


def test_the_headers_count_down_and_the_reset_is_never_before_the_window_ends() -> None:
    clock = Clock()
    limiter = RateLimiter(RateLimitOptions(window=timedelta(seconds=2)), clock)
    started = clock.now
    first, second = admitted(limiter, "/api/v1/apps"), admitted(limiter, "/api/v1/apps/0oa1/users")
    assert (first.remaining, second.remaining) == (99, 98)
    assert first.headers["X-Rate-Limit-Reset"] == second.headers["X-Rate-Limit-Reset"] == str(first.reset)
    assert started + 2 <= first.reset < started + 3


def test_a_spent_bucket_refuses_until_its_window_ends_and_leaves_others_alone() -> None:
    clock = Clock()
    limiter = RateLimiter(RateLimitOptions(), clock)
    for _ in range(100):
        limiter.admit("/api/v1/apps")
    refused = admitted(limiter, "/api/v1/apps")
    assert (refused.allowed, refused.remaining) == (False, 0)
    assert admitted(limiter, "/api/v1/groups").allowed
    clock.now = float(refused.reset)
    assert admitted(limiter, "/api/v1/apps").allowed


def test_too_many_at_once_are_refused_with_two_zeros() -> None:
    limiter = RateLimiter(RateLimitOptions(plan=Plan.ONE_APP))
    with ExitStack() as places:
        for _ in range(36):
            places.enter_context(limiter.in_flight())
        refused = admitted(limiter, "/api/v1/users")
    assert (refused.allowed, refused.limit, refused.remaining) == (False, 0, 0)
    with limiter.in_flight():
        assert admitted(limiter, "/api/v1/users").allowed


def test_limits_can_be_switched_off() -> None:
    assert RateLimiter(RateLimitOptions(enabled=False)).admit("/api/v1/apps") is None


def test_in_a_storm_others_take_the_rest_of_the_window_and_none_of_the_next() -> None:
    clock = Clock()
    limiter = RateLimiter(RateLimitOptions(), clock, storm=lambda _, window: 0.25 if window == 0 else 1.0)
    standings = [admitted(limiter, "/api/v1/apps") for _ in range(30)]
    assert [standing.allowed for standing in standings] == [True] * 25 + [False] * 5
    assert [standing.remaining for standing in standings] == [99 - number for number in range(25)] + [0] * 5
    clock.now = float(standings[0].reset)
    assert all(admitted(limiter, "/api/v1/apps").allowed for _ in range(100))


def test_paths_that_okta_publishes_no_limit_for_are_counted_by_their_endpoint() -> None:
    limiter = RateLimiter(RateLimitOptions(share=0.001))
    assert limiter.admit("/governance/api/v1/reviews") is None
    first, again, other = (
        limiter.admit(f"/governance/api/v1/{path}", f"/governance/api/v1/{endpoint}")
        for path, endpoint in (("reviews/a", "reviews/{id}"), ("reviews/b", "reviews/{id}"), ("reviews", "reviews"))
    )
    assert first is not None
    assert again is not None
    assert other is not None
    assert (first.allowed, again.allowed, other.allowed) == (True, False, True)


def test_the_limit_of_requests_at_the_same_time_can_be_set() -> None:
    limiter = RateLimiter(RateLimitOptions(concurrent=1))
    with limiter.in_flight():
        assert admitted(limiter, "/api/v1/users").allowed
        with limiter.in_flight():
            assert not admitted(limiter, "/api/v1/users").allowed
