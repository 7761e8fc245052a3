"""How many calls a step may make before a person is asked, and what is said to that person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from holdfast.api_settings import ApiSettings
from holdfast.api_step.journal import Cost
from holdfast.catalogue.endpoints import Endpoint
from holdfast.contracts import CallAllowance, CallsWanted


class BudgetReached(Exception):
    """No further call may leave; the message says why, for a person."""


@dataclass(frozen=True)
class Outlook:
    """What is known of the calls to come.

    `estimated` is the writer's figure for the whole program; `done` of `total` what the program says of itself;
    `waiting` are reads that were asked for and have not left. `limit` is the tenant's, in a minute.
    """

    estimated: int | None
    progress: tuple[int, int] | None
    waiting: int
    limit: int | None

    def to_come(self, made: int) -> int | None:
        """How many more, as far as anyone can tell."""
        at_least = self.waiting if self.waiting > 1 else None
        by_progress = None
        if self.progress is not None and self.progress[0] > 0:
            done, total = self.progress
            by_progress = ceil(made * (total - done) / done)
        by_writer = self.estimated - made if self.estimated is not None and self.estimated > made else None
        guess = by_progress if by_progress is not None else by_writer
        return at_least if guess is None else max(guess, self.waiting)

    def wanted(self, made: int, reason: str) -> CallsWanted:
        """What a person is asked."""
        to_come = self.to_come(made)
        minutes = round(to_come / self.limit, 1) if to_come is not None and self.limit else None
        return CallsWanted(calls_made=made, calls_to_come=to_come, minutes=minutes, reason=reason)


class Budget:
    """Counts the calls of one step: those that its journal holds, and those that leave now."""

    def __init__(
        self,
        policy: ApiSettings,
        allowance: CallAllowance | None,
        endpoints: Mapping[str, Endpoint],
        earlier: Iterable[Cost] = (),
    ) -> None:
        self._policy = policy
        self._allowance = allowance
        self._by_cost: Counter[bool] = Counter()
        self._by_bucket: Counter[str] = Counter()
        for cost in earlier:
            self._count(endpoints[cost.endpoint])

    @property
    def calls(self) -> int:
        """Calls that are finished or under way."""
        return self._by_cost.total()

    @property
    def is_closed_by_reviewer(self) -> bool:
        """Whether nothing more may be read, and the step is to end with what there is."""
        return self._allowance is not None and self._allowance.with_what_is_there

    def take(self, endpoint: Endpoint, limit: int | None) -> None:
        """Count one call that leaves now; `limit` is what the tenant lets through in a minute. Raises BudgetReached."""
        if self._allowance is not None:
            if self._allowance.calls is not None and self.calls >= self._allowance.calls:
                raise BudgetReached(f"The {self._allowance.calls:,} calls that were allowed are made.")
        else:
            self._see_to_policy(endpoint, limit)
        self._count(endpoint)

    def reason_beforehand(
        self, endpoints: Iterable[Endpoint], estimated: int | None, limits: Mapping[str, int]
    ) -> str | None:
        """Why a person is asked before anything is read; None where nothing speaks against beginning.

        `limits` are those that are known, by bucket.
        """
        if self._allowance is not None or estimated is None:
            return None
        each = [endpoint for endpoint in endpoints if _reads_one_thing(endpoint)]
        most = self._policy.calls_each if each else self._policy.pages
        if estimated > most:
            return f"It will make about {estimated:,} calls; {most:,} are allowed without asking."
        for bucket in {endpoint.bucket for endpoint in each}:
            if bucket in limits and estimated > self._most_of(limits[bucket]):
                return self._too_long(bucket, limits[bucket])
        return None

    def _see_to_policy(self, endpoint: Endpoint, limit: int | None) -> None:
        each = _reads_one_thing(endpoint)
        most = self._policy.calls_each if each else self._policy.pages
        if self._by_cost[each] >= most:
            what = "calls that each read one thing" if each else "pages of lists"
            raise BudgetReached(f"It has read {most:,} {what}, as many as are allowed without asking.")
        if limit is not None and self._by_bucket[endpoint.bucket] >= self._most_of(limit):
            raise BudgetReached(self._too_long(endpoint.bucket, limit))

    def _most_of(self, limit: int) -> float:
        return limit * self._policy.minutes_at_limit

    def _too_long(self, bucket: str, limit: int) -> str:
        return (
            f"It uses more than {self._policy.minutes_at_limit:g} minutes' worth of the tenant's rate limit for "
            f"{bucket} ({limit:,} calls a minute)."
        )

    def _count(self, endpoint: Endpoint) -> None:
        self._by_cost[_reads_one_thing(endpoint)] += 1
        self._by_bucket[endpoint.bucket] += 1


def _reads_one_thing(endpoint: Endpoint) -> bool:
    return endpoint.cost == "one_call_each"
