"""What goes wrong on purpose: delays, refusals, errors and answers cut in the middle, decided by a seed."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from random import Random

from holdfast.demo.options import FaultOptions
from holdfast.demo.replies import ApiError


class Faults:
    """Decides for one request after the other; the same seed and order give the same faults."""

    def __init__(self, options: FaultOptions) -> None:
        self._options = options
        self._random = Random(options.seed)

    async def before(self, path: str) -> None:
        """Wait as long as this answer is to take; ApiError where the request is to fail."""
        options, random = self._options, self._random
        # Every request draws the same number of times, so that no option moves another one's faults.
        jitter, slow, error, throttle = (random.random() for _ in range(4))
        delay = options.latency + options.jitter * jitter + options.slow_by * (slow < options.slow_rate)
        if delay:
            await asyncio.sleep(delay.total_seconds())
        if any(fnmatchcase(path, pattern) for pattern in options.forbidden):
            raise ApiError("E0000006")
        if error < options.error_rate:
            raise ApiError("E0000009")
        if throttle < options.throttle_rate:
            raise ApiError("E0000047")

    def cuts_this_answer(self) -> bool:
        """Whether the connection is to break in the middle of the body."""
        return self._random.random() < self._options.cut_rate
