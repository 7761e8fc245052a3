"""One request after the other: out of the journal where it was answered before, else from the tenant."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from holdfast.api_step.budget import Budget, BudgetReached
from holdfast.api_step.journal import Cost, Journal, Kept, Slot
from holdfast.api_step.trouble import reason_of, refusal_of
from holdfast.catalogue.endpoints import Endpoint
from holdfast.errors import OktaAway, OktaRefused, OktaServerError, OktaUnreachable
from holdfast.okta import CallMeter, OktaClient, Reading

# A read does no harm when it is sent again: most faults of a tenant pass within these seconds.
_PAUSES_S = (0.2, 0.6, 1.8, 4.0)
# After so many reads in a row that gave nothing, the tenant may be in trouble as a whole, and not with single things:
# what it told before is asked once more. Things that it has trouble with come in a row of themselves, because they are
# asked so often, and so end when all the others have long been answered.
_AWAY_AFTER = 10
# A program that asks for thousands of things at once hands them over within moments. Of a hundred thousand not all are
# heard: each that waits costs the worker some kilobytes, and the writer's estimate tells of the rest.
_LISTENING_S = 0.1
_LONGEST_LISTENING_S = 2.0
STOPPED = "a reviewer stopped further calls"


@dataclass(frozen=True)
class Request:
    """What to read, and what to keep of the answer. `keep` raises OktaServerError where it makes no sense."""

    endpoint: Endpoint
    url: str
    # Whether a 400 may be about the parameters that the program chose.
    has_parameters: bool
    keep: Callable[[Reading], Kept]


@dataclass(eq=False)
class _Flight:
    """A request that is not in the journal yet."""

    meter: CallMeter = field(default_factory=CallMeter)
    is_counted: bool = False
    is_answered: bool = False
    is_beyond_budget: bool = False


class Reader:
    """The reads of one attempt at a step. Use it within one event loop; `settle` or `stop` it before it is dropped."""

    def __init__(self, okta: OktaClient, journal: Journal, budget: Budget, *, concurrency: int) -> None:
        self._okta = okta
        self._journal = journal
        self._budget = budget
        # By endpoint: one that waits for its rate limit must not hold back another that has none.
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(concurrency))
        self._flights: dict[asyncio.Task[Kept], _Flight] = {}
        self._is_closed = False
        self._beyond_budget = 0
        # Of the flights, those that are not counted yet: there may be a hundred thousand of them.
        self._not_left = 0
        self._trouble_in_a_row: list[Slot] = []
        # By endpoint: the address of something that the tenant did tell.
        self._told: dict[str, Callable[[], str]] = {}
        self._finding_out = asyncio.Lock()
        self.on_answer: Callable[[], None] = lambda: None

    @property
    def waiting(self) -> int:
        """Reads that were asked for and have not left."""
        return self._beyond_budget + self._not_left

    def known(self, slot: Slot) -> Kept | None:
        """What needs no request: an answer that was kept, or that nothing more is read."""
        kept = self._journal.find(slot)
        if kept is None and self._budget.is_closed_by_reviewer:
            return Kept(b"", refused="forbidden", reason=STOPPED)
        return kept

    async def read(self, slot: Slot, request: Request) -> Kept:
        """The answer of the tenant, when it is durable.

        What the tenant refuses is an answer, and so is trouble with this one thing that lasted. Raises BudgetReached,
        ProgramFailed for parameters that the tenant does not take, OktaRefused where the login is refused, and the
        transient Okta errors where the tenant as a whole is in trouble; StorageFull.
        """
        flight = _Flight()
        task = asyncio.create_task(self._fly(slot, request, flight))
        self._flights[task] = flight
        self._not_left += 1
        task.add_done_callback(self._landed)
        try:
            # The program may be ended while its call is under way; the answer is kept all the same.
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is None or caller.cancelling():
                raise
        # Only the request was ended, because the run is: its program must not see anything of that.
        never: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        return await never

    def was_told(self, endpoint: Endpoint, address: Callable[[], str]) -> None:
        """Take note of an earlier attempt's good answer."""
        self._told[endpoint.name] = address

    def _landed(self, task: asyncio.Task[Kept]) -> None:
        flight = self._flights.pop(task)
        self._not_left -= not flight.is_counted
        self._beyond_budget += flight.is_beyond_budget
        if not task.cancelled():
            # Where nobody waits for it any more, because the program has ended, asyncio would report it as lost.
            task.exception()

    async def settle(self) -> None:
        """Let no further call leave, and wait for those that have left or may leave."""
        self._is_closed = True
        self._cancel(lambda flight: not flight.is_counted)
        await asyncio.gather(*self._flights, return_exceptions=True)

    async def stop(self, grace: timedelta) -> None:
        """Let no further call leave; those on the wire have so long to be answered and kept, then they are cut."""
        self._is_closed = True
        self._cancel(lambda flight: not flight.meter.is_on_the_wire and not flight.is_answered)
        if self._flights:
            await asyncio.wait(self._flights, timeout=grace.total_seconds())
        self._cancel(lambda _: True)
        await asyncio.gather(*self._flights, return_exceptions=True)

    def _cancel(self, which: Callable[[_Flight], bool]) -> None:
        for task, flight in list(self._flights.items()):
            if which(flight):
                task.cancel()

    async def _fly(self, slot: Slot, request: Request, flight: _Flight) -> Kept:
        endpoint = request.endpoint
        async with self._places[endpoint.name]:
            await self._see_that_it_may_leave(endpoint, flight)
            sent = time.time()
            kept = await self._asked(request, flight.meter)
            flight.is_answered = True
        await self._note_trouble(slot, kept)
        meter = flight.meter
        cost = Cost(endpoint.name, sent, time.time(), meter.retries, meter.received_bytes, tuple(meter.waits))
        await self._journal.keep(slot, kept, cost)
        self.on_answer()
        return kept

    async def _see_that_it_may_leave(self, endpoint: Endpoint, flight: _Flight) -> None:
        if self._is_closed:
            raise asyncio.CancelledError
        try:
            self._budget.take(endpoint, self._okta.standing(endpoint.path).limit)
        except BudgetReached:
            await self._until_it_asks_no_more()
            flight.is_beyond_budget = True
            raise
        flight.is_counted = True
        self._not_left -= 1

    async def _until_it_asks_no_more(self) -> None:
        """Let a program that fans out say all that it wants, so that a person is told how much it is."""
        until, seen = time.monotonic() + _LONGEST_LISTENING_S, -1
        while self.waiting > seen and time.monotonic() < until:
            seen = self.waiting
            await asyncio.sleep(_LISTENING_S)

    async def _asked(self, request: Request, meter: CallMeter) -> Kept:
        """Ask until there is an answer, a few times at most."""
        for pause in (*_PAUSES_S, None):
            try:
                kept = request.keep(await self._okta.read(request.url, meter))
            except OktaRefused as refusal:
                return refusal_of(refusal, request.endpoint, has_parameters=request.has_parameters)
            except (OktaServerError, OktaUnreachable) as trouble:
                if pause is None:
                    return await self._lasting(trouble, request.endpoint, meter)
                await self._paused(pause)
                meter.retries += 1
            else:
                self._told[request.endpoint.name] = lambda: request.url
                return kept
        raise AssertionError("the last pause is None")

    async def _paused(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self._is_closed:
            raise asyncio.CancelledError

    async def _lasting(self, trouble: OktaServerError | OktaUnreachable, endpoint: Endpoint, meter: CallMeter) -> Kept:
        """Trouble with one thing is a value; a tenant that is away is waited for, by trying the whole step again."""
        if isinstance(trouble, OktaAway) or await self._is_away(endpoint, meter):
            # What was taken for trouble with one thing was the beginning of this.
            forgotten, self._trouble_in_a_row = self._trouble_in_a_row, []
            self._is_closed = True
            for slot in forgotten:
                await self._journal.forget(slot)
            raise trouble
        return Kept(b"", refused="trouble", reason=reason_of(trouble, tries=len(_PAUSES_S) + 1))

    async def _is_away(self, endpoint: Endpoint, meter: CallMeter) -> bool:
        async with self._finding_out:
            if len(self._trouble_in_a_row) + 1 < _AWAY_AFTER:
                return False
            if self._is_closed or (address := self._told.get(endpoint.name)) is None:
                return True
            meter.retries += 1
            try:
                await self._okta.read(address(), meter)
            except OktaRefused:
                # It is not there any more, which the tenant could tell.
                pass
            except (OktaServerError, OktaUnreachable):
                return True
            self._trouble_in_a_row.clear()
            return False

    async def _note_trouble(self, slot: Slot, kept: Kept) -> None:
        if kept.refused != "trouble":
            self._trouble_in_a_row.clear()
        elif self._is_closed:
            # Too late for a value: the step is tried again, and this is asked again.
            raise asyncio.CancelledError
        else:
            self._trouble_in_a_row.append(slot)


def limits_of(okta: OktaClient, endpoints: Mapping[str, Endpoint]) -> Mapping[str, int]:
    """The tenant's limits that are known, by the catalogue's name of the bucket."""
    standings = {endpoint.bucket: okta.standing(endpoint.path).limit for endpoint in endpoints.values()}
    return {bucket: limit for bucket, limit in standings.items() if limit is not None}
