"""What a reader learns of a step's reading: uses, waits, and what nobody told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.api_step.journal import Cost, Kept
from holdfast.api_step.telling import Untold, live_reading, plural_of, waited_seconds
from holdfast.catalogue.endpoints import Catalogue

USERS, FACTORS = (Catalogue.load().endpoint(name) for name in ("list_users", "list_user_factors"))
FORBIDDEN = Kept(b"", refused="forbidden", reason="E0000006: You do not have permission")


def gone(user: str) -> Kept:
    return Kept(b"", refused="not_found", reason=f"E0000007: Not found: Resource not found: {user} (User)")


def sentences(untold: Untold) -> list[str]:
    return [gap.message for gap in untold.gaps()]


def test_refusals_of_one_kind_are_one_sentence_with_a_few_names_and_the_number() -> None:
    untold = Untold()
    for user in ("00u1", "00u2", "00u3", "00u4", "00u5", "00u1"):
        untold.refused(FACTORS, user, FORBIDDEN)
    assert sentences(untold) == [
        "The tenant did not tell user factors of 5 users (E0000006: You do not have permission): "
        "00u1, 00u2, 00u3 and 2 more."
    ]
    assert untold.count(FACTORS.name) == 6
    assert untold.count(USERS.name) == 0


def test_reasons_that_name_their_thing_are_told_together_and_other_reasons_apart() -> None:
    untold = Untold()
    for user in ("00u1", "00u2"):
        untold.refused(FACTORS, user, gone(user))
    untold.refused(FACTORS, "00u3", FORBIDDEN)
    untold.refused(USERS, "", FORBIDDEN)
    first, second, third = sentences(untold)
    assert first.startswith("The tenant did not find user factors of 2 users (E0000007")
    assert second.endswith("of 1 user (E0000006: You do not have permission): 00u3.")
    assert third == "The tenant did not tell users (E0000006: You do not have permission)."


def test_uses_are_counted_by_endpoint_over_all_attempts() -> None:
    untold = Untold()
    untold.refused(FACTORS, "00u1", FORBIDDEN)
    costs = [
        Cost(FACTORS.name, 10.0, 11.0, retries=2, received_bytes=5, waits=((10.0, 10.5),)),
        Cost(USERS.name, 9.0, 10.0, received_bytes=100),
        Cost(FACTORS.name, 12.0, 14.0, received_bytes=7),
    ]
    found = live_reading(costs, untold)
    assert found is not None
    assert (found.started.timestamp(), found.finished.timestamp()) == (9.0, 14.0)
    factors, users = found.endpoints
    assert (factors.calls, factors.retries, factors.refused, factors.received_bytes) == (2, 2, 1, 12)
    assert factors.waited_seconds == 0.5
    assert (users.calls, users.refused) == (1, 0)
    assert live_reading([], untold) is None


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (float(min(pair)), float(max(pair)))))
)
def test_waits_at_the_same_time_are_counted_once(waits: list[tuple[float, float]]) -> None:
    costs = [Cost("x", 0.0, 1.0, waits=(wait,)) for wait in waits]
    covered = {second for begin, end in waits for second in range(int(begin), int(end))}
    assert waited_seconds(costs) == len(covered)


@pytest.mark.parametrize(
    ("entity", "words"),
    [("UserFactor", "user factors"), ("Policy", "policies"), ("Alias", "alias"), ("LogEvent", "log events")],
)
def test_entities_are_told_in_words(entity: str, words: str) -> None:
    assert plural_of(entity) == words
