"""Running a special tool: its parameters checked, its reads journalled, its rows kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from holdfast.answer import Gap, Generated, LiveReading, StepResult
from holdfast.api_step.budget import Budget, BudgetReached, Outlook
from holdfast.api_step.calls import Calls, Scope
from holdfast.api_step.journal import Header, Journal, opened
from holdfast.api_step.reader import STOPPED, Reader, limits_of
from holdfast.api_step.runner import Stores
from holdfast.api_step.telling import by_name, live_reading
from holdfast.catalogue.endpoints import Catalogue, Endpoint
from holdfast.complaints import complaints_of
from holdfast.contracts import CallAllowance, CallsWanted, StepRequest
from holdfast.effort import Stopwatch
from holdfast.errors import HoldfastError, ProgramFailed, ToolRefused
from holdfast.graph.coverage import gaps
from holdfast.graph.guard import guarded
from holdfast.graph.snapshots import Snapshot, SnapshotStore
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.plan import SpecialStep
from holdfast.query_worker import QueryPool
from holdfast.records import json_records
from holdfast.samples import whole_samples
from holdfast.settings import Settings
from holdfast.special.registry import AnyTool, tool_called
from holdfast.special.rows import frame_of
from holdfast.special.tool import Unread

log = structlog.get_logger()

# A cancellation is felt within a second: calls on the wire get this much of it to be answered and kept.
_GRACE = timedelta(seconds=0.5)
# A tool looks at one thing closely; who reads more than this at once should ask for a program.
_MOST_LIST_BYTES = 256 << 20
# Part of what must be the same for kept answers to be used again: raise it when a tool asks otherwise than before.
_VERSION = "1"


class SpecialStepRunner:
    """Runs steps of kind `special`, each on the snapshot of its question and on the live tenant."""

    def __init__(
        self, snapshots: SnapshotStore, pool: QueryPool, tenant: SharedTenant, stores: Stores, settings: Settings
    ) -> None:
        self._snapshots = snapshots
        self._pool = pool
        self._tenant = tenant
        self._stores = stores
        self._settings = settings

    async def run(
        self, request: StepRequest, now: datetime, allowance: CallAllowance | None = None
    ) -> StepResult | CallsWanted:
        """Its rows by reference, or what it wants further; what was read before under this `now` is not read again.

        A request that names a moment sees that one, and uses what was read then. Without an `allowance` the settings
        say when a person is asked. Raises ToolRefused, SettingsError where the snapshot is of another tenant,
        NoSnapshot, SnapshotDamaged, QueryWorkerDied, the Okta errors, StorageFull.
        """
        step, now = request.step, request.as_of or now
        assert isinstance(step, SpecialStep)
        tool = tool_called(step.name)
        try:
            parameters = tool.parameters.model_validate(step.parameters)
        except ValidationError as error:
            raise ToolRefused(f"{tool.name} cannot work with its parameters: {complaints_of(error)}.") from error
        watch, snapshot = Stopwatch(), self._snapshots.get(request.snapshot.id)
        async with AsyncExitStack() as opening:
            asked = _Asked(request, tool, now, allowance)
            live = await self._live(asked, opening) if tool.endpoints else None
            context = _Context(snapshot, self._pool, live, now)
            try:
                rows = await tool.run(parameters, context)
            except Unread as unread:
                assert live is not None
                raise await live.cause_of(unread, tool.name) from unread
            except BudgetReached as reached:
                assert live is not None
                return await live.wanted(reached)
        frame = await asyncio.to_thread(frame_of, rows, tool.row)
        ref = await asyncio.to_thread(self._stores.artifacts.write, f"{request.correlation_id}/{step.id}", frame)
        result = StepResult(
            step_id=step.id,
            rows=ref,
            samples=whole_samples(frame),
            generated=Generated(language="tool", text=_call_text(tool, parameters.model_dump()), author="special"),
            gaps=context.gaps(),
            effort=watch.effort(),
            live=live.reading() if live is not None else None,
            notes=context.notes(),
        )
        log.info("step", correlation_id=request.correlation_id, step=step.id, result=result.model_dump(mode="json"))
        return result

    async def _live(self, asked: _Asked, opening: AsyncExitStack) -> _Live:
        request = asked.request
        self._stores.see_that_it_is_of((self._settings.okta.url or "").rstrip("/"), request.snapshot.id)
        catalogue = Catalogue.load()
        endpoints = by_name(catalogue.endpoint(name) for name in asked.tool.endpoints)
        folder = self._stores.journals / request.correlation_id / request.step.id
        okta = await opening.enter_async_context(self._tenant())
        journal = await opening.enter_async_context(opened(folder, _header(asked)))
        live = _Live(okta, journal, endpoints, asked, self._settings)
        opening.push_async_callback(live.stop)
        return live


@dataclass(frozen=True)
class _Asked:
    """What is run: which tool on what, at which moment, and how often it may ask."""

    request: StepRequest
    tool: AnyTool
    now: datetime
    allowance: CallAllowance | None


class _Live:
    """The live tenant for one run of one tool."""

    def __init__(
        self, okta: OktaClient, journal: Journal, endpoints: Mapping[str, Endpoint], asked: _Asked, settings: Settings
    ) -> None:
        budget = Budget(settings.api, asked.allowance, endpoints, journal.costs)
        self._okta = okta
        self._journal = journal
        self._endpoints = endpoints
        self._reader = Reader(okta, journal, budget, concurrency=settings.okta.concurrency)
        self.calls = Calls(okta, self._reader, Scope(endpoints, _no_rows, asked.now, _MOST_LIST_BYTES))

    async def read(self, name: str, path: tuple[str, ...], query: Mapping[str, str | int | bool]) -> Any:
        """See `ToolContext.read`."""
        places = [parameter.name for parameter in self._endpoints[name].path_parameters]
        arguments = {"path": dict(zip(places, path, strict=True)), "query": dict(query), "fields": None}
        answer = orjson.loads(await self.calls.answer(name, orjson.dumps(arguments).decode()))
        if "refused" in answer:
            raise Unread(answer["refused"], answer["reason"])
        return answer["value"]

    async def wanted(self, reached: BudgetReached) -> CallsWanted:
        """What a person is asked; those calls that may still leave are made first."""
        limit = min(limits_of(self._okta, self._endpoints).values(), default=None)
        outlook = Outlook(estimated=None, progress=None, waiting=self._reader.waiting, limit=limit)
        await self._reader.settle()
        return outlook.wanted(len(self._journal.costs), str(reached))

    async def cause_of(self, unread: Unread, tool: str) -> HoldfastError:
        """The error that a tool died of; trouble may have passed when the step is tried again."""
        if unread.reason == STOPPED:
            return ToolRefused(f"{tool} gives nothing without what it was about to read, and {STOPPED}.")
        cause = self.calls.cause_of(ProgramFailed(unread.reason))
        assert cause is not None
        error, slot = cause
        await self._journal.forget(slot)
        return error

    async def stop(self) -> None:
        """Let nothing be under way."""
        await self._reader.stop(_GRACE)

    def reading(self) -> LiveReading | None:
        """What was asked, and when."""
        return live_reading(self._journal.costs, self.calls.untold)


class _Context:
    """Implements `ToolContext`."""

    def __init__(self, snapshot: Snapshot, pool: QueryPool, live: _Live | None, now: datetime) -> None:
        self._snapshot = snapshot
        self._pool = pool
        self._live = live
        self._now = now
        self._notes: dict[str, None] = {}
        self._gaps: dict[str, Gap] = {}

    @property
    def now(self) -> datetime:
        """See `ToolContext`."""
        return self._now.astimezone(UTC)

    @property
    def synced_at(self) -> datetime:
        """See `ToolContext`."""
        return self._snapshot.manifest.sync_finished

    async def ask(self, cypher: str) -> list[dict[str, Any]]:
        """See `ToolContext`."""
        query = guarded(cypher, self._snapshot.manifest.graph_schema)
        rows = await self._pool.run(self._snapshot, query)
        self._gaps.update((gap.message, gap) for gap in gaps(query, self._snapshot.manifest))
        return json_records(rows.frame)

    async def read(self, endpoint: str, *path: str, **query: str | int | bool) -> Any:
        """See `ToolContext`."""
        assert self._live is not None
        return await self._live.read(endpoint, path, query)

    async def find(self, endpoint: str, *path: str) -> Any | None:
        """See `ToolContext`."""
        assert self._live is not None
        try:
            return await self._live.read(endpoint, path, {})
        except Unread as unread:
            if unread.kind != "not_found":
                raise
            self._live.calls.untold.was_an_answer(endpoint, unread.kind)
            return None

    def note(self, sentence: str) -> None:
        """See `ToolContext`."""
        self._notes[sentence] = None

    def notes(self) -> tuple[str, ...]:
        """What was noted, each once."""
        return tuple(self._notes)

    def gaps(self) -> tuple[Gap, ...]:
        """What the snapshot and the tenant did not tell."""
        untold = self._live.calls.untold.gaps() if self._live is not None else ()
        return (*self._gaps.values(), *untold)


async def _no_rows(step_id: str) -> bytes:
    raise ToolRefused(f"A special tool has no rows of step {step_id}.")


def _header(asked: _Asked) -> Header:
    tool = asked.tool
    called = orjson.dumps([_VERSION, tool.name, asked.request.step.parameters], option=orjson.OPT_SORT_KEYS)
    program = sha256(called).hexdigest()
    return Header(program=program, prelude="", sandbox="", now=asked.now, seed=0, endpoints=tool.endpoints)


def _call_text(tool: AnyTool, parameters: Mapping[str, Any]) -> str:
    return f"{tool.name}({', '.join(f'{name}={value!r}' for name, value in parameters.items())})"
