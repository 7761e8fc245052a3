"""Reading one family from the tenant into pages, going on after what is already stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.errors import OktaNotFound, OktaRefused, OktaServerError, OktaUnreachable, PermanentError
from holdfast.sync.families import Family
from holdfast.sync.pages import FamilyPages
from holdfast.sync.rows import rows_frame
from holdfast.sync_contracts import FamilyProgress, FamilyReport

# Okta's largest concurrency limit; the client lets fewer through at a time.
_PARENTS_AT_A_TIME = 75
# After so many failed reads and no good one between them the tenant is away, and the rest would fail too.
_AWAY_AFTER = 10
# A page of so many records is stored in a millisecond: at once, because what waits for a thread is lost when the
# process is killed. A larger one takes long enough to be felt by the heartbeats.
_SMALL_PAGE = 50
# A feature that is off is refused with 401, a wrong token too.
_FEATURE_OFF = "E0000015"


class TenantPage(Protocol):
    """One page as the tenant sent it; `next` is None on the last one."""

    @property
    def items(self) -> list[Any]:
        """Its records."""
        ...

    @property
    def next(self) -> str | None:
        """The link to the following page."""
        ...


class Tenant(Protocol):
    """What a sync needs of a tenant; `holdfast.okta.client.OktaClient` has it."""

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """One JSON value."""
        ...

    def pages(
        self, path: str, params: Mapping[str, str | int] | None = None, *, start: str | None = None
    ) -> AsyncIterator[TenantPage]:
        """The pages of a list, from `start` on where it is given."""
        ...


ShowProgress = Callable[[FamilyProgress], None]


@dataclass(frozen=True)
class FamilyWork:
    """One family to read: of which parents, and how many more an incremental sync carries over."""

    family: Family
    parents: Sequence[str]
    carried_over: int = 0


async def read_family(tenant: Tenant, pages: FamilyPages, work: FamilyWork, show: ShowProgress) -> FamilyReport:
    """Read every page that is not stored yet; what the tenant refuses to tell is marked unknown.

    Never asks again for a page that is stored. Raises OktaRefused where mending is needed (a wrong token), the
    transient Okta errors, StorageFull; what was stored until then stays.
    """
    started = time.monotonic()
    reading = _Reading(tenant, pages, work, show)
    await reading.run()
    return await asyncio.to_thread(_report, pages, work, time.monotonic() - started)


def _report(pages: FamilyPages, work: FamilyWork, seconds: float) -> FamilyReport:
    listing = pages.listing()
    return FamilyReport(
        family=work.family.name,
        rows=pages.row_count(),
        pages=sum(listing.pages.values()),
        unknown=len(listing.unknown) + listing.family_unknown,
        gone=len(listing.gone),
        carried_over=work.carried_over,
        seconds=round(seconds, 3),
    )


class _Reading:
    """One run over a family. `_queue` is shared by all readers, so each parent is taken once."""

    def __init__(self, tenant: Tenant, pages: FamilyPages, work: FamilyWork, show: ShowProgress) -> None:
        self._tenant = tenant
        self._pages = pages
        self._family = work.family
        self._parents = work.parents
        self._carried_over = work.carried_over
        self._show = show
        self._stored: Mapping[str, int] = {}
        self._queue: Iterator[str] = iter(())
        self._done = 0
        self._rows = 0
        self._page_count = 0
        self._refused_as_a_whole = False
        self._failed: list[OktaUnreachable | OktaServerError] = []
        self._failed_in_a_row = 0

    async def run(self) -> None:
        """Read what is left."""
        listing = await asyncio.to_thread(self._pages.listing)
        if listing.family_unknown:
            return
        self._stored = listing.pages
        self._page_count = sum(listing.pages.values())
        self._rows = await asyncio.to_thread(self._pages.row_count)
        left = [parent for parent in self._parents if parent not in listing.settled]
        self._done = len(self._parents) - len(left)
        self._queue = iter(left)
        self._tell()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(len(left), _PARENTS_AT_A_TIME)):
                    group.create_task(self._take_parents())
        except BaseExceptionGroup as failures:
            raise _weightiest(failures) from None
        if self._failed:
            raise self._failed[0]
        await self._say_once_if_everything_was_refused()

    async def _take_parents(self) -> None:
        for parent in self._queue:
            if self._refused_as_a_whole:
                return
            try:
                await self._read_parent(parent)
            except OktaRefused as refusal:
                await self._settle_refusal(parent, refusal)
            except (OktaUnreachable, OktaServerError) as failure:
                self._pass_over(failure)
                continue
            self._failed_in_a_row = 0
            self._done += 1
            self._tell()

    def _pass_over(self, failure: OktaUnreachable | OktaServerError) -> None:
        """Leave this parent to the next attempt and read the others: one bad answer must not cost an attempt each."""
        self._failed.append(failure)
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= _AWAY_AFTER:
            raise failure

    async def _read_parent(self, parent: str) -> None:
        number = self._stored.get(parent, 0)
        start = await asyncio.to_thread(self._pages.next_link, parent, number) if number else None
        path, params = _address(self._family, parent)
        if self._family.one_record:
            await self._keep(parent, number, [await self._tenant.get(path, params)], None)
            return
        async for page in self._tenant.pages(path, params, start=start):
            await self._keep(parent, number, page.items, page.next)
            number += 1

    async def _keep(self, parent: str, number: int, records: list[Any], following: str | None) -> None:
        def store() -> None:
            self._pages.store(parent, number, rows_frame(self._family.name, records, parent), following)

        if len(records) <= _SMALL_PAGE:
            store()
        else:
            await _seen_through(asyncio.to_thread(store))
        self._page_count += 1
        self._rows += len(records)
        self._tell()

    async def _settle_refusal(self, parent: str, refusal: OktaRefused) -> None:
        if not _is_no_answer(self._family, refusal):
            raise refusal
        if _concerns_all(self._family, refusal):
            self._refused_as_a_whole = True
            await self._mark_family(refusal)
        elif isinstance(refusal, OktaNotFound) and await self._is_gone(parent):
            await asyncio.to_thread(self._pages.mark_gone, parent, str(refusal))
        else:
            await asyncio.to_thread(self._pages.mark_unknown, parent, _reason(refusal))

    async def _mark_family(self, refusal: OktaRefused) -> None:
        if self._family.essential:
            raise OktaRefused(
                f"The tenant does not let its {self._family.name} be read, and without them there is nothing to "
                f"answer from. {refusal}",
                status=refusal.status,
                code=refusal.code,
            ) from refusal
        await asyncio.to_thread(self._pages.mark_family_unknown, _reason(refusal))

    async def _is_gone(self, parent: str) -> bool:
        if self._family.alive_path is None:
            return False
        try:
            await self._tenant.get(self._family.alive_path.format(parent=parent))
        except OktaNotFound:
            return True
        except OktaRefused:
            return False
        return False

    async def _say_once_if_everything_was_refused(self) -> None:
        """A hundred thousand refusals for one reason are one fact; with anything carried over it is not everything."""
        if self._carried_over:
            return
        listing = await asyncio.to_thread(self._pages.listing)
        if len(self._parents) > 1 and listing.unknown >= frozenset(self._parents):
            reasons = await asyncio.to_thread(self._pages.reasons)
            await asyncio.to_thread(self._pages.mark_family_unknown, reasons[self._parents[0]])

    def _tell(self) -> None:
        self._show(
            FamilyProgress(
                family=self._family.name,
                rows=self._rows,
                pages=self._page_count,
                parents_done=self._done,
                parents=max(1, len(self._parents)),
            )
        )


async def _seen_through(work: Coroutine[Any, Any, None]) -> None:
    """Await `work` to its end even when the reading is cancelled: the page was paid for."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _address(family: Family, parent: str) -> tuple[str, dict[str, str | int]]:
    params = dict(family.params)
    if family.parent_param is not None:
        params[family.parent_param] = parent
    return family.path.format(parent=parent), params


def _is_no_answer(family: Family, refusal: OktaRefused) -> bool:
    """Whether the tenant refuses to tell this one thing, as against a login or a request that must be mended."""
    if refusal.status in {403, 404} or refusal.code == _FEATURE_OFF:
        return True
    # A type of policy that this tenant has never heard of.
    return family.parent_param is not None and refusal.status == 400


def _concerns_all(family: Family, refusal: OktaRefused) -> bool:
    """Whether the same refusal would meet every parent: a feature that is off, or a missing OAuth scope (no code)."""
    if family.is_one_list or (refusal.status == 403 and refusal.code is None):
        return True
    return family.parent_param is None and refusal.code == _FEATURE_OFF


def _reason(refusal: OktaRefused) -> str:
    # Without the path and the advice behind it: the same refusal of many things is one reason.
    return f"{refusal.status} {str(refusal).split(' (GET ')[0]}"


def _weightiest(failures: BaseExceptionGroup) -> BaseException:
    """The failure to tell of: one that needs mending before one that passes by itself."""
    return next((e for e in failures.exceptions if isinstance(e, PermanentError)), failures.exceptions[0])
