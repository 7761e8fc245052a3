"""How often one caller may call, and one address may fail to prove who calls."""

from __future__ import annotations

import math
import time
from enum import StrEnum

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from holdfast.access_settings import AccessSettings
from starter.access.refusals import TooManyRequests


class Counted(StrEnum):
    """What is counted, each on its own."""

    REQUESTS = "requests"
    QUESTIONS = "questions"
    FAILURES = "failures"


_WORDS = {
    Counted.REQUESTS: "You call more often than {limit} times a minute.",
    Counted.QUESTIONS: "You start more than {limit} questions a minute.",
    Counted.FAILURES: "From your address came more than {limit} keys, tokens or sessions a minute that are not valid.",
}


class Rates:
    """The counts of one gateway, by the minute. Several gateways each count on their own."""

    def __init__(self, settings: AccessSettings) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._limits = {
            Counted.REQUESTS: RateLimitItemPerMinute(settings.requests_per_minute),
            Counted.QUESTIONS: RateLimitItemPerMinute(settings.questions_per_minute),
            Counted.FAILURES: RateLimitItemPerMinute(settings.failures_per_minute),
        }

    async def count(self, what: Counted, who: str) -> None:
        """Count one more. Raises TooManyRequests, which says when there is room again."""
        limit = self._limits[what]
        if await self._limiter.hit(limit, what.value, who):
            return
        window = await self._limiter.get_window_stats(limit, what.value, who)
        wait_s = max(1, math.ceil(window.reset_time - time.time()))
        raise TooManyRequests(f"{_WORDS[what].format(limit=limit.amount)} Go on in {wait_s} s.", wait_s)
