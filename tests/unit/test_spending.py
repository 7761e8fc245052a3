"""What a question may spend is held against all that is known, also where something is not."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.answer import ModelUsage, total_usage
from holdfast.errors import ModelBudgetSpent
from holdfast.spending import Ledger
from starter.model_words import usage_words

CENTS = st.none() | st.integers(0, 500)


def call(cents: int | None) -> ModelUsage:
    if cents is None:
        return ModelUsage.unmeasured(1)
    return ModelUsage(calls=1, input_tokens=10, output_tokens=1, cost_usd=cents / 100)


@given(st.lists(CENTS, min_size=1, max_size=4))
def test_a_sum_keeps_what_is_known_of_it_in_any_order(costs: list[int | None]) -> None:
    for order in permutations(costs):
        total = total_usage(*map(call, order))
        assert total is not None
        assert (total.cost_usd is None) is (None in costs)
        assert total.least_cost_usd == pytest.approx(sum(cents or 0 for cents in costs) / 100)


@pytest.mark.parametrize("costs", [(50, None), (None, 50), (None, 25, None, 25)])
def test_a_call_of_unknown_cost_does_not_lift_the_limit(costs: tuple[int | None, ...]) -> None:
    ledger = Ledger(max_tokens=60_000, max_cost_usd=0.5, before=call(costs[0]))
    for cents in costs[1:]:
        ledger.add(call(cents))
    with pytest.raises(ModelBudgetSpent, match=r"at least \$0\.5000; \$0\.5000 are allowed"):
        ledger.see_that_more_may_be_spent()


def test_a_cost_of_which_a_part_is_known_is_told_as_at_least_that() -> None:
    assert usage_words(call(50) + call(None)) == (
        "2 model calls, 11 tokens, tokens not told by 1 call, at least $0.5000"
    )
