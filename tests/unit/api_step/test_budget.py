"""When a person is asked before a step makes more calls, and what that person is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.api_settings import ApiSettings
from holdfast.api_step.budget import Budget, BudgetReached, Outlook
from holdfast.api_step.journal import Cost
from holdfast.catalogue.endpoints import Catalogue
from holdfast.contracts import CallAllowance

USERS, FACTORS = (Catalogue.load().endpoint(name) for name in ("list_users", "list_user_factors"))
ENDPOINTS = {endpoint.name: endpoint for endpoint in (USERS, FACTORS)}


def budget(policy: ApiSettings, allowance: CallAllowance | None = None, made: int = 0) -> Budget:
    return Budget(policy, allowance, ENDPOINTS, [Cost(FACTORS.name, 0.0, 1.0)] * made)


@given(most=st.integers(0, 20), made=st.integers(0, 20))
def test_what_an_earlier_attempt_made_counts_as_well(most: int, made: int) -> None:
    limited = budget(ApiSettings(calls_each=most), made=made)
    for _ in range(max(0, most - made)):
        limited.take(FACTORS, None)
    with pytest.raises(BudgetReached, match=f"read {most:,} calls that each read one thing"):
        limited.take(FACTORS, None)
    assert limited.calls == max(most, made)


def test_pages_and_calls_of_one_thing_each_are_counted_apart() -> None:
    limited = budget(ApiSettings(calls_each=1, pages=2))
    limited.take(FACTORS, None)
    limited.take(USERS, None)
    limited.take(USERS, None)
    with pytest.raises(BudgetReached, match="2 pages of lists"):
        limited.take(USERS, None)


def test_a_small_rate_limit_is_asked_about_sooner() -> None:
    limited = budget(ApiSettings(minutes_at_limit=0.5))
    for _ in range(50):
        limited.take(FACTORS, 100)
    with pytest.raises(BudgetReached, match=r"0\.5 minutes' worth .* \(100 calls a minute\)"):
        limited.take(FACTORS, 100)


def test_the_defaults_let_the_factors_of_a_thousand_people_through_but_not_of_five_thousand() -> None:
    free = budget(ApiSettings())
    for _ in range(1_000):
        free.take(FACTORS, 600)
    assert free.reason_beforehand(ENDPOINTS.values(), 1_005, {}) is None
    reason = free.reason_beforehand(ENDPOINTS.values(), 5_025, {})
    assert reason == "It will make about 5,025 calls; 2,000 are allowed without asking."


def test_a_known_limit_speaks_against_beginning() -> None:
    reason = budget(ApiSettings()).reason_beforehand(ENDPOINTS.values(), 1_000, {FACTORS.bucket: 100})
    assert reason is not None
    assert "5 minutes' worth" in reason
    assert budget(ApiSettings()).reason_beforehand(ENDPOINTS.values(), None, {FACTORS.bucket: 1}) is None


@given(allowed=st.integers(0, 20), made=st.integers(0, 30))
def test_an_allowance_takes_the_place_of_the_policy_and_counts_every_call(allowed: int, made: int) -> None:
    limited = budget(ApiSettings(calls_each=0, pages=0), CallAllowance(calls=allowed), made)
    assert limited.reason_beforehand(ENDPOINTS.values(), 1_000, {}) is None
    for number in range(max(0, allowed - made)):
        limited.take((USERS, FACTORS)[number % 2], 1)
    with pytest.raises(BudgetReached, match=f"The {allowed} calls that were allowed are made"):
        limited.take(FACTORS, 1)


def test_whoever_allows_any_number_is_not_asked_again() -> None:
    limited = budget(ApiSettings(calls_each=0), CallAllowance(calls=None))
    for _ in range(100):
        limited.take(FACTORS, 1)
    assert not limited.is_closed_by_reviewer


@pytest.mark.parametrize(
    ("outlook", "made", "to_come"),
    [
        (Outlook(estimated=5_000, progress=None, waiting=0, limit=None), 130, 4_870),
        (Outlook(estimated=5_000, progress=(50, 200), waiting=0, limit=None), 100, 300),
        (Outlook(estimated=None, progress=(0, 200), waiting=0, limit=None), 100, None),
        (Outlook(estimated=None, progress=None, waiting=1, limit=None), 100, None),
        (Outlook(estimated=None, progress=None, waiting=700, limit=None), 100, 700),
        (Outlook(estimated=150, progress=None, waiting=700, limit=None), 100, 700),
        (Outlook(estimated=50, progress=None, waiting=1, limit=None), 100, None),
        (Outlook(estimated=None, progress=(200, 200), waiting=1, limit=None), 100, 1),
    ],
)
def test_what_is_to_come_is_told_as_far_as_anyone_knows(outlook: Outlook, made: int, to_come: int | None) -> None:
    assert outlook.to_come(made) == to_come


def test_the_minutes_are_those_at_the_tenants_limit() -> None:
    wanted = Outlook(estimated=5_000, progress=None, waiting=0, limit=540).wanted(130, "Because.")
    assert (wanted.calls_made, wanted.calls_to_come, wanted.minutes) == (130, 4_870, 9.0)
    assert Outlook(estimated=5_000, progress=None, waiting=0, limit=None).wanted(130, "Because.").minutes is None
