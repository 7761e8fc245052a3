"""Okta's rate limits: a bucket for each part of the API, fixed windows, and the limit of requests at one time."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from holdfast.demo.options import Plan, RateLimitOptions

# Requests per window by plan, in the order of `Plan`. First match wins: single objects and lists have buckets of their
# own, everything below them falls into the prefix's. Source: Okta's published table of December 2025.
_ONE = r"[^/]+$"
_BUCKETS: tuple[tuple[str, str, tuple[int, int, int, int]], ...] = (
    ("/api/v1/apps/{id}", rf"^/api/v1/apps/{_ONE}", (100, 600, 600, 500)),
    ("/api/v1/apps*", r"^/api/v1/apps(/|$)", (20, 100, 100, 100)),
    ("/api/v1/groups*", r"^/api/v1/groups/rules(/|$)", (100, 600, 600, 500)),
    ("/api/v1/groups/{id}", rf"^/api/v1/groups/{_ONE}", (100, 600, 600, 1000)),
    ("/api/v1/groups*", r"^/api/v1/groups(/|$)", (100, 600, 600, 500)),
    ("/api/v1/users", r"^/api/v1/users$", (100, 600, 600, 600)),
    ("/api/v1/users/{idOrLogin}", rf"^/api/v1/users/{_ONE}", (100, 1000, 1000, 2000)),
    ("/api/v1/logs", r"^/api/v1/logs$", (20, 50, 50, 120)),
    ("/api/v1/devices", r"^/api/v1/devices(/|$)", (100, 150, 150, 100)),
    ("/oauth2/v1/clients", r"^/oauth2/v1/clients(/|$)", (25, 100, 100, 100)),
    ("/api/v1", r"^/api/v1/", (100, 600, 600, 1200)),
)
# The table says nothing of the other parts of the API: there each endpoint is counted by itself.
_UNLISTED = (100, 600, 600, 1200)
_PATTERNS = tuple((name, re.compile(pattern), limits) for name, pattern, limits in _BUCKETS)
_CONCURRENT = {Plan.INTEGRATOR_FREE: 35, Plan.ONE_APP: 35, Plan.ENTERPRISE: 75, Plan.WORKFORCE: 75}


@dataclass(frozen=True)
class Standing:
    """Where a bucket stands after a request: what the `X-Rate-Limit-*` headers say, and whether it is let through.

    `reset` is seconds since 1970. A refusal by the concurrency limit has `limit` and `remaining` 0.
    """

    allowed: bool
    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """The three headers."""
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(self.remaining),
            "X-Rate-Limit-Reset": str(self.reset),
        }


@dataclass
class _Window:
    started: float
    number: int
    used: int = 0


def no_storm(_: str, __: int) -> float:
    """Nobody else uses the tenant: this client may use all of every window."""
    return 1.0


class RateLimiter:
    """Counts requests by bucket. `clock` gives seconds since 1970.

    `storm` says which part of a bucket's window others leave, the windows of a bucket numbered from 0. They take the
    rest at once: answers count down as ever, and then there is nothing left until the window ends.
    """

    def __init__(
        self,
        options: RateLimitOptions,
        clock: Callable[[], float] = time.time,
        storm: Callable[[str, int], float] = no_storm,
    ) -> None:
        self._options = options
        self._clock = clock
        self._storm = storm
        self._windows: dict[str, _Window] = {}
        self._in_flight = 0

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Holds one of the places for requests at the same time."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def too_many_at_once(self) -> Standing:
        """What a request gets that came beside too many others: both figures 0, and a second to wait."""
        return Standing(allowed=False, limit=0, remaining=0, reset=math.ceil(self._clock()) + 1)

    def admit(self, path: str, endpoint: str | None = None) -> Standing | None:
        """Count one request to `path`, which is in flight. None where nothing limits it.

        `endpoint` is the path without the ids in it; paths in no published bucket are counted by it, if it is given.
        """
        found = next(((name, limits) for name, pattern, limits in _PATTERNS if pattern.match(path)), None)
        if found is None and endpoint is not None:
            found = endpoint, _UNLISTED
        if not self._options.enabled or found is None:
            return None
        if self._in_flight > (self._options.concurrent or _CONCURRENT[self._options.plan]):
            return self.too_many_at_once()
        name, limits = found
        limit = max(1, int(limits[list(Plan).index(self._options.plan)] * self._options.share))
        window = self._window(name)
        left = int(limit * self._storm(name, window.number))
        allowed = window.used < left
        window.used += allowed
        # Whole seconds, and never before the window really ends.
        reset = math.ceil(window.started + self._options.window.total_seconds())
        return Standing(allowed, limit, limit - window.used if allowed else 0, reset)

    def _window(self, bucket: str) -> _Window:
        now, window = self._clock(), self._windows.get(bucket)
        if window is None or now >= window.started + self._options.window.total_seconds():
            window = self._windows[bucket] = _Window(now, window.number + 1 if window else 0)
        return window
