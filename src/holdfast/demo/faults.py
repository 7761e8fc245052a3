"""What goes wrong on purpose: delays, refusals, errors, storms and answers cut in the middle, decided by a seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random

from holdfast.demo.options import FaultOptions
from holdfast.demo.replies import ApiError, not_found
from holdfast.demo.shifts import Shifts


@dataclass(frozen=True)
class Asked:
    """What faults look at. `address` is the path with its query; `is_one_thing` tells a thing's path from a list's."""

    path: str
    address: str
    is_one_thing: bool


class Faults:
    """Decides for one request after the other; the same seed and order give the same faults.

    What lasts (patterns, things that are forbidden or gone) does not depend on the order.
    """

    def __init__(self, options: FaultOptions) -> None:
        self._options = options
        self._random = Random(options.seed)
        self._flaky: Counter[str] = Counter()
        self.shifts = Shifts(options.seed, options.shifting_pages)

    async def before(self, asked: Asked) -> None:
        """Wait as long as this answer is to take; ApiError where the request is to fail."""
        options, random = self._options, self._random
        # Every request draws the same number of times, so that no option moves another one's faults.
        jitter, slow, error, throttle = (random.random() for _ in range(4))
        delay = options.latency + options.jitter * jitter + options.slow_by * (slow < options.slow_rate)
        if delay:
            await asyncio.sleep(delay.total_seconds())
        self._refuse_for_good(asked)
        if self._is_flaky(asked) or error < options.error_rate:
            raise ApiError("E0000009")
        if throttle < options.throttle_rate:
            raise ApiError("E0000047")

    def cuts_this_answer(self) -> bool:
        """Whether the connection is to break in the middle of the body."""
        return self._random.random() < self._options.cut_rate

    def storm(self, bucket: str, window: int) -> float:
        """The part of a bucket's window, the first being 0, that others leave: 1 but in a storm."""
        random = Random(f"{self._options.seed}/storm/{bucket}/{window}")
        return random.random() if random.random() < self._options.storm_rate else 1.0

    def _refuse_for_good(self, asked: Asked) -> None:
        options = self._options
        # One number decides for a thing, whatever is asked of the tenant before.
        drawn = Random(f"{options.seed}/refused/{asked.path}").random() if asked.is_one_thing else 1.0
        if _matches(asked.path, options.forbidden) or drawn < options.forbidden_rate:
            raise ApiError("E0000006")
        if _matches(asked.path, options.gone) or drawn < options.forbidden_rate + options.gone_rate:
            raise not_found(asked.path.rpartition("/")[2], "Resource")
        if _matches(asked.path, options.broken):
            raise ApiError("E0000009")

    def _is_flaky(self, asked: Asked) -> bool:
        if not _matches(asked.path, self._options.flaky):
            return False
        self._flaky[asked.address] += 1
        return self._flaky[asked.address] <= self._options.flaky_tries


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
