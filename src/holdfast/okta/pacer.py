"""Decides when each request may leave: within every learnt rate limit and the number allowed at the same time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from holdfast.okta.buckets import (
    RESET_MARGIN_S,
    Bucket,
    RateHeaders,
    published_bucket,
    read_rate_headers,
    shape_of,
)

# Okta's concurrency limit frees itself as soon as running requests end.
_CONCURRENCY_PAUSE_S = 1.0
# A 429 that does not say when its window ends: a proxy, not Okta.
_UNNAMED_PAUSE_S = 5.0
# After the concurrency limit was met: so many good answers per request in flight, then one more at a time.
_ANSWERS_PER_STEP_UP = 10


@dataclass(frozen=True, slots=True)
class BucketReport:
    """How one rate limit was used. `peak_used` is the largest part of a window that was seen used, by anyone."""

    bucket: str
    limit: int | None
    calls: int
    peak_used: float
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A rate limit now.

    `limit` is what Holdfast may use of it in a minute, None where it is not known or there is none; `opens_at` is when
    requests may leave again, in seconds since 1970, None where they may.
    """

    limit: int | None
    opens_at: float | None


@dataclass(slots=True, eq=False)
class Turn:
    """One request's permission to leave."""

    shape: str
    queue: _Queue
    sent: float
    # What its bucket had left when it left; None when that was not known.
    left: int | None
    # When the limit held it back (from, to), in seconds since 1970; None when it did not.
    held: tuple[float, float] | None = None


@dataclass(slots=True, eq=False)
class _Waiter:
    shape: str
    admitted: asyncio.Future[Turn]
    since: float


@dataclass(slots=True, eq=False)
class _Queue:
    bucket: Bucket
    waiting: deque[_Waiter] = field(default_factory=deque)
    flying: set[Turn] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None
    closed_since: float | None = None
    # The last time that it was closed (from, to), on the monotonic clock.
    was_closed: tuple[float, float] = (0.0, 0.0)
    waited_seconds: float = 0.0

    def open(self, now: float) -> None:
        """Write down that it was closed until `now`."""
        if self.closed_since is not None:
            self.was_closed = (self.closed_since, now)
            self.waited_seconds += now - self.closed_since
            self.closed_since = None

    def held(self, waiter: _Waiter) -> tuple[float, float] | None:
        """How long the limit kept it, in seconds since 1970."""
        closed, opened = self.was_closed
        begin, to_epoch = max(closed, waiter.since), time.time() - time.monotonic()
        return (begin + to_epoch, opened + to_epoch) if begin < opened else None


class Pacer:
    """Shared by all requests of one client, on one event loop."""

    def __init__(self, *, concurrency: int, share: float) -> None:
        self._most_at_once = concurrency
        self._at_once = concurrency
        self._share = share
        self._in_flight = 0
        self._lowered = 0.0
        self._paused_until = 0.0
        self._good_answers = 0
        self._clock_ahead: float | None = None
        # In the order in which they are served next.
        self._queues: dict[str, _Queue] = {}
        # Endpoints that turned out to have a bucket of their own.
        self._apart: set[str] = set()

    @asynccontextmanager
    async def turn(self, path: str) -> AsyncIterator[Turn]:
        """Wait until a request for `path` may leave; until the block ends it counts as in flight."""
        turn = await self._admitted(path)
        try:
            yield turn
        finally:
            self._release(turn)

    def learn(self, turn: Turn, status: int, headers: Mapping[str, str]) -> float | None:
        """Take over what a response says of its limits; for a 429, the seconds until it may be asked again."""
        rate = read_rate_headers(headers)
        if rate is None:
            return self._learn_without_headers(turn, status)
        if rate.date is not None:
            # Date is cut to whole seconds: the largest difference seen is the nearest to the truth, and never beyond.
            ahead = rate.date - time.monotonic()
            self._clock_ahead = ahead if self._clock_ahead is None else max(ahead, self._clock_ahead)
        if status == 429 and rate.is_concurrency:
            self._lower(turn)
            return _CONCURRENCY_PAUSE_S
        self._move_apart_if_contradicted(turn, rate)
        bucket = turn.queue.bucket
        bucket.learn(rate)
        bucket.shapes.add(turn.shape)
        if status == 429:
            bucket.close_until(rate.reset + RESET_MARGIN_S)
            return max(0.0, bucket.closed_until - self._now())
        self._step_up()
        return None

    def reports(self) -> tuple[BucketReport, ...]:
        """How every bucket was used so far."""
        now = time.monotonic()
        return tuple(
            BucketReport(
                bucket=queue.bucket.name,
                limit=queue.bucket.limit,
                calls=queue.bucket.calls,
                peak_used=queue.bucket.peak_used,
                waited_seconds=queue.waited_seconds + (now - queue.closed_since if queue.closed_since else 0.0),
            )
            for queue in sorted(self._queues.values(), key=lambda queue: queue.bucket.name)
        )

    def standing(self, path: str) -> Standing:
        """What is known of the limit that counts requests for `path`."""
        queue = self._queue_of(shape_of(path))
        bucket, now = queue.bucket, self._now()
        limit = bucket.usable if bucket.limit is not None and not bucket.unlimited else None
        opens_at = bucket.opens_at(now) if queue.closed_since is not None else None
        return Standing(limit, None if opens_at is None else time.time() + (opens_at - now))

    def take_over(self, earlier: Pacer) -> None:
        """What another one, that lets nothing out any more, learnt of the tenant's limits and its clock."""
        self._clock_ahead = earlier._clock_ahead
        self._apart = set(earlier._apart)
        self._at_once = min(earlier._at_once, self._most_at_once)
        self._queues = {name: _Queue(queue.bucket.anew()) for name, queue in earlier._queues.items()}

    def close(self) -> None:
        """End every wait; nothing is admitted any more."""
        for queue in self._queues.values():
            if queue.timer is not None:
                queue.timer.cancel()
            for waiter in queue.waiting:
                waiter.admitted.cancel()

    def _now(self) -> float:
        """The tenant's clock; ours until it told its own."""
        ahead = self._clock_ahead if self._clock_ahead is not None else time.time() - time.monotonic()
        return time.monotonic() + ahead

    def _queue_of(self, shape: str) -> _Queue:
        return self._queue_named(shape if shape in self._apart else published_bucket(shape))

    def _queue_named(self, name: str) -> _Queue:
        if name not in self._queues:
            self._queues[name] = _Queue(Bucket(name, self._share))
        return self._queues[name]

    async def _admitted(self, path: str) -> Turn:
        shape = shape_of(path)
        queue = self._queue_of(shape)
        waiter = _Waiter(shape, asyncio.get_running_loop().create_future(), time.monotonic())
        queue.waiting.append(waiter)
        self._admit()
        try:
            return await waiter.admitted
        except asyncio.CancelledError:
            # Cancelled between being admitted and noticing it: the place goes to the next.
            if waiter.admitted.done() and not waiter.admitted.cancelled():
                self._release(waiter.admitted.result())
            raise

    def _release(self, turn: Turn) -> None:
        turn.queue.flying.discard(turn)
        turn.queue.bucket.in_flight -= 1
        self._in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        """Let out whoever may leave, one from each bucket in turn, so that a long queue starves no other."""
        if time.monotonic() < self._paused_until:
            return
        now = self._now()
        queues = [queue for queue in self._queues.values() if queue.waiting]
        while queues and self._in_flight < self._at_once:
            queues = [queue for queue in queues if self._in_flight < self._at_once and self._admit_one(queue, now)]

    def _admit_one(self, queue: _Queue, now: float) -> bool:
        while queue.waiting and queue.waiting[0].admitted.done():
            queue.waiting.popleft()
        if not queue.waiting:
            return False
        bucket = queue.bucket
        if not bucket.may_send(now):
            self._wait_for_opening(queue, now)
            return False
        queue.open(time.monotonic())
        waiter = queue.waiting.popleft()
        known = bucket.limit is not None and not bucket.unlimited
        left = bucket.left(now) if known else None
        turn = Turn(waiter.shape, queue, time.monotonic(), left, queue.held(waiter))
        queue.flying.add(turn)
        bucket.in_flight += 1
        bucket.calls += 1
        self._in_flight += 1
        self._queues[bucket.name] = self._queues.pop(bucket.name)
        waiter.admitted.set_result(turn)
        return True

    def _wait_for_opening(self, queue: _Queue, now: float) -> None:
        opens_at = queue.bucket.opens_at(now)
        if opens_at is None or queue.timer is not None:
            return
        if queue.closed_since is None:
            queue.closed_since = time.monotonic()
        queue.timer = asyncio.get_running_loop().call_later(opens_at - now, self._timer_ended, queue)

    def _timer_ended(self, queue: _Queue) -> None:
        queue.timer = None
        self._admit()

    def _move_apart_if_contradicted(self, turn: Turn, rate: RateHeaders) -> None:
        """Give an endpoint a bucket of its own when its answer cannot come from the one that it was counted in."""
        shared = turn.queue
        others = shared.bucket.shapes - {turn.shape}
        if not others or not shared.bucket.contradicts(rate, now=self._now(), left_when_sent=turn.left):
            return
        self._apart.add(turn.shape)
        own = self._queue_named(turn.shape)
        own.waiting.extend(waiter for waiter in shared.waiting if waiter.shape == turn.shape)
        shared.waiting = deque(waiter for waiter in shared.waiting if waiter.shape != turn.shape)
        shared.bucket.shapes.discard(turn.shape)
        for flying in [flying for flying in shared.flying if flying.shape == turn.shape]:
            shared.flying.discard(flying)
            shared.bucket.in_flight -= 1
            own.flying.add(flying)
            own.bucket.in_flight += 1
            flying.queue, flying.left = own, None

    def _learn_without_headers(self, turn: Turn, status: int) -> float | None:
        bucket = turn.queue.bucket
        if status == 429:
            bucket.close_until(self._now() + _UNNAMED_PAUSE_S)
            return _UNNAMED_PAUSE_S
        # Only a good answer proves that the tenant sends no limits: a refusal may come from something before it.
        if status < 300 and bucket.limit is None:
            bucket.unlimited = True
        return None

    def _lower(self, turn: Turn) -> None:
        """Halve the number in flight, once for all the requests that left before it was lowered."""
        if turn.sent < self._lowered:
            return
        self._at_once = max(1, self._in_flight // 2)
        self._good_answers = 0
        self._lowered = time.monotonic()
        self._paused_until = self._lowered + _CONCURRENCY_PAUSE_S
        # Never before its end: asyncio may fire a timer a moment early.
        asyncio.get_running_loop().call_later(_CONCURRENCY_PAUSE_S + 0.01, self._admit)

    def _step_up(self) -> None:
        if self._at_once == self._most_at_once:
            return
        self._good_answers += 1
        if self._good_answers >= _ANSWERS_PER_STEP_UP * self._at_once:
            self._good_answers = 0
            self._at_once += 1
