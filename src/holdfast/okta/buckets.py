"""Okta's rate limits: which requests count together, and how many more may be sent now.

Which endpoints share a bucket is first taken from Okta's published table and corrected by what the tenant says: two
endpoints that report different limits, or windows that end at different times, are counted apart from then on.
Every number (limit, remaining, end of the window) is learnt from the responses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from functools import lru_cache

# Okta's published table, most specific first; everything else under /api/v1 counts together.
_PUBLISHED = tuple(
    (re.compile(pattern), bucket)
    for pattern, bucket in (
        (r"/api/v1/apps/[^/]+", "/api/v1/apps/{id}"),
        (r"/api/v1/apps(/.*)?", "/api/v1/apps"),
        (r"/api/v1/groups/(?!rules$)[^/]+", "/api/v1/groups/{id}"),
        (r"/api/v1/groups(/.*)?", "/api/v1/groups"),
        (r"/api/v1/users", "/api/v1/users"),
        (r"/api/v1/users/[^/]+", "/api/v1/users/{id}"),
        (r"/api/v1/logs", "/api/v1/logs"),
        (r"/oauth2/v1/clients(/.*)?", "/oauth2/v1/clients"),
        (r"/api/v1/devices(/.*)?", "/api/v1/devices"),
        (r"/api/v1/certificateAuthorities(/.*)?", "/api/v1/certificateAuthorities"),
        (r"/api/v1/.*", "/api/v1"),
    )
)
# Words of Okta's paths are letters and dashes; an id has a digit, a capital at its start, a dot or an @.
_WORD = re.compile(r"[a-z.][A-Za-z-]*|v\d+|oauth2")
# Reset is in whole seconds, and Okta counts to the end of that second.
RESET_MARGIN_S = 1.0
# Servers of one tenant may be this far apart in their counting.
_COUNTING_ERROR = 10
# Resets of one window may differ by rounding.
_SAME_WINDOW_S = 1.0


def shape_of(path: str) -> str:
    """The endpoint of a path: `/api/v1/groups/00g1/users` is `/api/v1/groups/{id}/users`."""
    return "/".join(part if not part or _WORD.fullmatch(part) else "{id}" for part in path.split("/"))


@lru_cache(maxsize=4_096)
def published_bucket(path: str) -> str:
    """The bucket that Okta's table names for a path; the endpoint itself where the table is silent."""
    return next((bucket for pattern, bucket in _PUBLISHED if pattern.fullmatch(path)), shape_of(path))


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """What one response said of its bucket. `reset` and `date` in epoch seconds by the tenant's clock."""

    limit: int
    remaining: int
    reset: int
    date: float | None

    @property
    def is_concurrency(self) -> bool:
        """Okta marks "too many at the same time" by a limit of nothing."""
        return self.limit == 0 and self.remaining == 0


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders | None:
    """None where the response carries no usable rate headers."""
    try:
        limit, remaining, reset = (int(headers[f"x-rate-limit-{name}"]) for name in ("limit", "remaining", "reset"))
    except (KeyError, ValueError):
        return None
    try:
        date = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        date = None
    return RateHeaders(limit, remaining, reset, date)


@dataclass(slots=True)
class Bucket:
    """What is known of one bucket. Times are the tenant's clock in epoch seconds."""

    name: str
    share: float
    limit: int | None = None
    # The lowest that any response of this window reported.
    remaining: int = 0
    reset: float = 0.0
    # After a 429 nothing leaves before.
    closed_until: float = 0.0
    # Answers without rate headers: there is nothing to obey.
    unlimited: bool = False
    in_flight: int = 0
    calls: int = 0
    peak_used: float = 0.0
    shapes: set[str] = field(default_factory=set)

    def may_send(self, now: float) -> bool:
        """Whether one more request is surely within what Holdfast may use."""
        if now < self.closed_until:
            return False
        if self.unlimited:
            return True
        if self.limit is None:
            # One request asks what the limit is; the others wait for its answer.
            return self.in_flight == 0
        # Requests in flight may or may not be in `remaining` already; assumed is that they are not.
        return self.left(now) - self._reserved - self.in_flight > 0

    def left(self, now: float) -> int:
        """What the tenant said is left of this window; all of the limit once the window is over."""
        return (self.limit or 0) if self._window_is_over(now) else self.remaining

    def opens_at(self, now: float) -> float | None:
        """When waiting alone will help; None when only an answer does."""
        if now < self.closed_until:
            return self.closed_until
        if self.limit is None or self.unlimited or self._window_is_over(now):
            return None
        return self.reset + RESET_MARGIN_S

    def learn(self, rate: RateHeaders) -> None:
        """Take over what a response said; one that belongs to a window already past says nothing."""
        self.limit = rate.limit
        self.unlimited = False
        if abs(rate.reset - self.reset) <= _SAME_WINDOW_S:
            self.remaining = min(self.remaining, rate.remaining)
            self.reset = max(self.reset, rate.reset)
        elif rate.reset > self.reset:
            self.remaining, self.reset = rate.remaining, rate.reset
        if rate.limit:
            self.peak_used = max(self.peak_used, 1 - rate.remaining / rate.limit)

    def contradicts(self, rate: RateHeaders, *, now: float, left_when_sent: int | None) -> bool:
        """Whether the response cannot come from the bucket that is described here.

        `left_when_sent` is what was left when its request left, None when that was not known.
        """
        if self.limit is None:
            return False
        if rate.limit != self.limit:
            return True
        if abs(rate.reset - self.reset) <= _SAME_WINDOW_S:
            return left_when_sent is not None and rate.remaining > left_when_sent + _COUNTING_ERROR
        # Our idea of the tenant's clock may be a second behind.
        return now + 2 * _SAME_WINDOW_S < min(self.reset, rate.reset)

    def anew(self) -> Bucket:
        """The same bucket, of which nothing was used yet by whoever counts from now on."""
        return replace(self, in_flight=0, calls=0, peak_used=0.0, shapes=set(self.shapes))

    def close_until(self, moment: float) -> None:
        """Nothing more may leave before: the tenant said so."""
        self.closed_until = max(self.closed_until, moment)

    @property
    def usable(self) -> int:
        """How much of a known limit Holdfast may use."""
        assert self.limit is not None
        return max(1, int(self.limit * self.share))

    @property
    def _reserved(self) -> int:
        """What is left for other clients of the tenant."""
        assert self.limit is not None
        return self.limit - self.usable

    def _window_is_over(self, now: float) -> bool:
        return now >= self.reset + RESET_MARGIN_S
