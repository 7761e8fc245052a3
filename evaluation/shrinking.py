"""Of a random question that was answered wrongly, the smallest part that still is: what to look at first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from evaluation.asking import Asked
from evaluation.compositions import Composition
from evaluation.judging import Mark, verdict_of_rows


async def smallest_wrong(made: Composition, ask: Callable[[str], Awaitable[Asked]]) -> Composition:
    """`made` itself where everything simpler is dealt with otherwise."""
    for simpler in made.simpler():
        if verdict_of_rows(simpler.truth, await ask(simpler.question)).mark is Mark.WRONG:
            return await smallest_wrong(simpler, ask)
    return made
