"""Running the program of an API step: sandbox, journal, budget and the tenant put together, to a true table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import structlog

from holdfast.answer import StepResult
from holdfast.api_settings import ApiSettings
from holdfast.api_step.budget import Budget, BudgetReached, Outlook
from holdfast.api_step.calls import Calls, Scope
from holdfast.api_step.earlier_rows import EarlierRows
from holdfast.api_step.journal import Header, Journal, opened
from holdfast.api_step.progress import LiveProgress, at_epoch
from holdfast.api_step.reader import Reader, limits_of
from holdfast.api_step.rows import table_of
from holdfast.api_step.telling import by_name, live_reading, waited_seconds
from holdfast.approval import estimate_reason
from holdfast.approval_settings import ApprovalSettings
from holdfast.artifacts import ArtifactStore
from holdfast.catalogue.endpoints import Catalogue, Endpoint
from holdfast.catalogue.stubs import interface_of
from holdfast.contracts import CallsWanted, ProgramOutcome, ProgramRows, ProgramRun, WrittenProgram
from holdfast.effort import Stopwatch
from holdfast.errors import ProgramFailed, SettingsError
from holdfast.events import StepProgressed
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.samples import whole_samples
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.limits import SandboxLimits
from holdfast.sandbox.pool import Program, Ran, Sandbox
from holdfast.settings import Settings

log = structlog.get_logger()

# A pause or a cancellation is felt within a second: calls on the wire get this much of it to be answered and kept.
_GRACE = timedelta(seconds=0.5)
# Python's own values take several times the room of their JSON text.
_LIST_SHARE_OF_MEMORY = 8


@dataclass(frozen=True)
class Stores:
    """Where a step finds what it builds on, and leaves what it read.

    `tenant_of` gives the address of the tenant that a snapshot is of, and raises NoSnapshot; `journals` is a folder.
    """

    tenant_of: Callable[[str], str]
    artifacts: ArtifactStore
    journals: Path

    def see_that_it_is_of(self, tenant: str, snapshot_id: str) -> None:
        """Raises SettingsError where the snapshot is not of this tenant."""
        synced = self.tenant_of(snapshot_id)
        if synced != tenant:
            raise SettingsError(
                f"This question is answered from a snapshot of {synced}, and HOLDFAST_OKTA__URL is "
                f"{tenant or 'unset'}: rows of two tenants must not meet in one answer. Sync that tenant, then ask "
                "again."
            )


class ApiStepRunner:
    """Runs written programs against the tenant that the settings name."""

    def __init__(self, sandbox: Sandbox, tenant: SharedTenant, stores: Stores, settings: Settings) -> None:
        self._sandbox = sandbox
        self._tenant = tenant
        self._stores = stores
        self._url = (settings.okta.url or "").rstrip("/")
        self._concurrency = settings.okta.concurrency
        self._policy = settings.api
        self._approval = settings.approval

    async def run(self, run: ProgramRun, progress: LiveProgress) -> ProgramOutcome:
        """Its rows by reference, or what it would cost further; what was read before is not read again.

        However it ends, also when it is cancelled, no call is under way after it. Raises ProgramFailed,
        ProgramOverLimit, SandboxDied, the Okta errors, StorageFull, ArtifactMissing, and SettingsError where the
        snapshot is of another tenant.
        """
        self._stores.see_that_it_is_of(self._url, run.step.snapshot.id)
        catalogue = Catalogue.load()
        endpoints = by_name(catalogue.endpoint(name) for name in run.program.endpoints)
        interface = interface_of(list(endpoints.values()), catalogue)
        folder = self._stores.journals / run.step.correlation_id / run.step.step.id
        async with opened(folder, _header(run.program, interface)) as journal, self._tenant() as okta:
            asked = _Asked(run, endpoints, interface, journal, okta)
            return await _Attempt(asked, self._parts(progress)).outcome()

    def _parts(self, progress: LiveProgress) -> _Parts:
        return _Parts(self._sandbox, self._stores.artifacts, self._policy, self._approval, self._concurrency, progress)


@dataclass(frozen=True)
class _Parts:
    """What every attempt uses."""

    sandbox: Sandbox
    artifacts: ArtifactStore
    policy: ApiSettings
    approval: ApprovalSettings
    concurrency: int
    progress: LiveProgress

    @property
    def limits(self) -> SandboxLimits:
        return SandboxLimits(computing=self.policy.computing_timeout, memory_bytes=self.policy.sandbox_memory_bytes)

    @property
    def most_list_bytes(self) -> int:
        return self.policy.sandbox_memory_bytes // _LIST_SHARE_OF_MEMORY


@dataclass(frozen=True)
class _Asked:
    """What is run, and against what."""

    run: ProgramRun
    endpoints: Mapping[str, Endpoint]
    interface: ProgramInterface
    journal: Journal
    okta: OktaClient


class _Attempt:
    """One attempt at a program."""

    def __init__(self, asked: _Asked, parts: _Parts) -> None:
        run = asked.run
        self._run = run
        self._interface = asked.interface
        self._journal = asked.journal
        self._okta = asked.okta
        self._endpoints = asked.endpoints
        self._parts = parts
        self._watch = Stopwatch()
        self._budget = Budget(parts.policy, run.allowance, self._endpoints, self._journal.costs)
        self._reader = Reader(self._okta, self._journal, self._budget, concurrency=parts.concurrency)
        earlier = EarlierRows(parts.artifacts, run.step.earlier, parts.most_list_bytes)
        scope = Scope(self._endpoints, earlier.load, run.program.now, parts.most_list_bytes)
        self._calls = Calls(self._okta, self._reader, scope)
        self._reader.on_answer = self._calls.on_progress = parts.progress.something_was_read
        parts.progress.follow(self._progressed)

    async def outcome(self) -> ProgramOutcome:
        """See `ApiStepRunner.run`."""
        if (reason := self._reason_beforehand()) is not None:
            return self._wanted(reason)
        try:
            async with asyncio.timeout(self._parts.policy.step_timeout.total_seconds()):
                ran = await self._ran()
        except BudgetReached as reached:
            outlook = self._outlook()
            await self._reader.settle()
            return outlook.wanted(len(self._journal.costs), str(reached))
        except TimeoutError:
            return self._wanted(f"It has read for {self._parts.policy.step_timeout}, as long as it may without asking.")
        except ProgramFailed as failure:
            await self._raise_what_it_died_of(failure)
            raise
        finally:
            await self._reader.stop(_GRACE)
        return ProgramRows(result=await self._result(ran))

    def _reason_beforehand(self) -> str | None:
        """Why a person is asked before the first call."""
        estimated, limits = self._run.program.estimated_calls, limits_of(self._okta, self._endpoints)
        if (reason := self._budget.reason_beforehand(self._endpoints.values(), estimated, limits)) is not None:
            return reason
        return estimate_reason(estimated, self._parts.approval) if self._run.allowance is None else None

    async def _ran(self) -> Ran:
        """The program's end. Whoever cancels it: no further call leaves from that moment on."""
        program = self._run.program
        code = Program(program.generated.text, self._interface, program.now, program.seed)
        running = asyncio.create_task(self._parts.sandbox.run(code, self._calls.answer, self._parts.limits))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await self._reader.stop(_GRACE)
            running.cancel()
            await asyncio.wait([running])
            raise

    async def _raise_what_it_died_of(self, failure: ProgramFailed) -> None:
        cause = self._calls.cause_of(failure)
        if cause is not None:
            error, slot = cause
            # Trouble may have passed when the step is tried again.
            await self._journal.forget(slot)
            raise error from failure

    async def _result(self, ran: Ran) -> StepResult:
        step, program = self._run.step, self._run.program
        most_rows = self._parts.policy.max_rows
        table = await asyncio.to_thread(table_of, ran.result_json, program.columns, most_rows)
        key = f"{step.correlation_id}/{step.step.id}"
        ref = await asyncio.to_thread(self._parts.artifacts.write, key, table.frame)
        result = StepResult(
            step_id=step.step.id,
            rows=ref,
            samples=whole_samples(table.frame),
            generated=program.generated,
            gaps=self._calls.untold.gaps(),
            effort=self._watch.effort(program.effort.models),
            live=live_reading(self._journal.costs, self._calls.untold),
            notes=(*([self._journal.note] if self._journal.note else []), *table.notes),
        )
        log.info("step", correlation_id=step.correlation_id, step=step.step.id, result=result.model_dump(mode="json"))
        return result

    def _wanted(self, reason: str) -> CallsWanted:
        return self._outlook().wanted(len(self._journal.costs), reason)

    def _outlook(self) -> Outlook:
        limits = limits_of(self._okta, self._endpoints)
        return Outlook(
            estimated=self._run.program.estimated_calls,
            progress=self._calls.progress,
            waiting=self._reader.waiting,
            # The slowest of them decides.
            limit=min(limits.values(), default=None),
        )

    def _progressed(self) -> StepProgressed:
        done, total = self._calls.progress or (None, None)
        opens = [self._okta.standing(endpoint.path).opens_at for endpoint in self._endpoints.values()]
        closed_until = max((moment for moment in opens if moment is not None), default=None)
        costs = self._journal.costs
        return StepProgressed(
            at=datetime.now(UTC),
            step_id=self._run.step.step.id,
            calls=len(costs),
            estimated_calls=self._run.program.estimated_calls,
            done=done,
            total=total,
            rows=self._calls.rows,
            waited_seconds=round(waited_seconds(costs), 1),
            waiting_until=at_epoch(closed_until),
        )


def _header(program: WrittenProgram, interface: ProgramInterface) -> Header:
    return Header(
        program=sha256(program.generated.text.encode()).hexdigest(),
        prelude=sha256(interface.prelude.encode()).hexdigest(),
        sandbox=version("pydantic-monty"),
        now=program.now,
        seed=program.seed,
        endpoints=program.endpoints,
    )
