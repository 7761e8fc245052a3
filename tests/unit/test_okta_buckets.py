"""What is learnt of a rate limit, and what it then allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.okta.buckets import Bucket, RateHeaders, published_bucket, read_rate_headers, shape_of

NOW = 1_000_000


def learnt(limit: int, remaining: int, reset: int = NOW + 60, share: float = 1.0) -> Bucket:
    bucket = Bucket("/api/v1/users", share)
    bucket.learn(RateHeaders(limit, remaining, reset, NOW))
    return bucket


def test_an_unknown_limit_is_asked_for_by_one_request_alone() -> None:
    bucket = Bucket("/api/v1/users", 1.0)
    assert bucket.may_send(NOW)
    bucket.in_flight = 1
    assert not bucket.may_send(NOW)


def test_requests_in_flight_count_against_what_is_left() -> None:
    bucket = learnt(limit=100, remaining=3)
    bucket.in_flight = 2
    assert bucket.may_send(NOW)
    bucket.in_flight = 3
    assert not bucket.may_send(NOW)


def test_an_answer_that_was_overtaken_does_not_raise_what_is_left() -> None:
    bucket = learnt(limit=100, remaining=3)
    bucket.learn(RateHeaders(100, 7, NOW + 60, NOW))
    assert bucket.remaining == 3


def test_an_answer_from_the_window_before_says_nothing() -> None:
    bucket = learnt(limit=100, remaining=90)
    bucket.learn(RateHeaders(100, 0, NOW, NOW))
    assert bucket.remaining == 90


def test_a_new_window_begins_a_second_after_the_reset_and_not_before() -> None:
    bucket = learnt(limit=100, remaining=0)
    assert bucket.opens_at(NOW) == NOW + 61
    assert not bucket.may_send(NOW + 60.9)
    assert bucket.may_send(NOW + 61)


def test_the_share_leaves_the_rest_to_others_but_never_nothing_to_us() -> None:
    assert learnt(100, 51, share=0.5).may_send(NOW)
    assert not learnt(100, 50, share=0.5).may_send(NOW)
    assert learnt(2, 2, share=0.1).may_send(NOW)


def test_two_limits_or_two_windows_are_two_buckets() -> None:
    bucket = learnt(limit=100, remaining=50)
    told = {
        "same": RateHeaders(100, 49, NOW + 60, NOW),
        "limit": RateHeaders(600, 49, NOW + 60, NOW),
        "window": RateHeaders(100, 49, NOW + 30, NOW),
        "count": RateHeaders(100, 90, NOW + 60, NOW),
        "late": RateHeaders(100, 1, NOW - 1, NOW),
    }
    contradicting = {name for name, rate in told.items() if bucket.contradicts(rate, now=NOW, left_when_sent=50)}
    assert contradicting == {"limit", "window", "count"}


@given(
    limit=st.integers(1, 50),
    used_by_others=st.integers(0, 10),
    arrivals=st.lists(st.sampled_from(["send", "arrive", "answer"]), max_size=300),
    order=st.randoms(use_true_random=False),
)
def test_whatever_the_order_of_answers_no_request_passes_the_limit(
    limit: int, used_by_others: int, arrivals: list[str], order: object
) -> None:
    """Requests are counted by the tenant in any order, and their answers overtake each other."""
    bucket = learnt(limit, remaining := max(0, limit - used_by_others))
    travelling, answers = 0, list[int]()
    for event in arrivals:
        if event == "send" and bucket.may_send(NOW):
            bucket.in_flight += 1
            travelling += 1
        elif event == "arrive" and travelling:
            travelling -= 1
            assert remaining > 0, "the tenant would have answered 429"
            remaining -= 1
            answers.append(remaining)
        elif event == "answer" and answers:
            answered = answers.pop(order.randrange(len(answers)))  # type: ignore[attr-defined]
            bucket.learn(RateHeaders(limit, answered, NOW + 60, NOW))
            bucket.in_flight -= 1
    while answers:
        bucket.learn(RateHeaders(limit, answers.pop(), NOW + 60, NOW))
        bucket.in_flight -= 1
    # And nothing that is left stays unused.
    assert bucket.may_send(NOW) or remaining == travelling


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/v1/users", "/api/v1/users"),
        ("/api/v1/users/00u1ab/factors", "/api/v1/users/{id}/factors"),
        ("/api/v1/users/isaac@example.com", "/api/v1/users/{id}"),
        ("/api/v1/iam/roles/cr0Yq/permissions", "/api/v1/iam/roles/{id}/permissions"),
        ("/api/v1/authorizationServers/aus1/claims", "/api/v1/authorizationServers/{id}/claims"),
        ("/oauth2/v1/clients/0oa1/roles", "/oauth2/v1/clients/{id}/roles"),
        ("/.well-known/okta-organization", "/.well-known/okta-organization"),
    ],
)
def test_the_shape_of_a_path_has_no_ids(path: str, shape: str) -> None:
    assert shape_of(path) == shape


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("/api/v1/apps", "/api/v1/apps"),
        ("/api/v1/apps/0oa1", "/api/v1/apps/{id}"),
        ("/api/v1/apps/0oa1/users", "/api/v1/apps"),
        ("/api/v1/groups/rules", "/api/v1/groups"),
        ("/api/v1/groups/00g1/users", "/api/v1/groups"),
        ("/api/v1/users/00u1", "/api/v1/users/{id}"),
        ("/api/v1/users/00u1/factors", "/api/v1"),
        ("/api/v1/policies", "/api/v1"),
        ("/governance/api/v1/campaigns/c1", "/governance/api/v1/campaigns/{id}"),
    ],
)
def test_paths_count_together_as_okta_publishes(path: str, bucket: str) -> None:
    assert published_bucket(path) == bucket


def test_headers_that_are_no_numbers_say_nothing() -> None:
    assert read_rate_headers({}) is None
    assert (
        read_rate_headers({"x-rate-limit-limit": "a", "x-rate-limit-remaining": "1", "x-rate-limit-reset": "1"}) is None
    )
    named = {"x-rate-limit-limit": "0", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1", "date": "yesterday"}
    rate = read_rate_headers(named)
    assert rate == RateHeaders(0, 0, 1, None)
    assert rate.is_concurrency
