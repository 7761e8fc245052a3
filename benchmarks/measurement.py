"""What a benchmark hands back."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ConfigDict


class Measurement(BaseModel):
    """One figure beside its target; `at_most` tells which side of the target is the good one."""

    model_config = ConfigDict(frozen=True)
    name: str
    value: float
    unit: str
    target: float | None
    at_most: bool = True
    note: str = ""

    @property
    def meets(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


def median_seconds(run: Callable[[], object], *, runs: int, warm_up: int = 1) -> float:
    """The median of several runs, after some that do not count."""
    for _ in range(warm_up):
        run()
    return statistics.median(_timed(run) for _ in range(runs))


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


async def seconds_of(run: Callable[[], Awaitable[object]]) -> float:
    """How long one awaited run took."""
    start = time.perf_counter()
    await run()
    return time.perf_counter() - start
