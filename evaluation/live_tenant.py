"""The demo tenant that a company's live steps read: served on loopback in this process, from the first such step on."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from pydantic import SecretStr

from holdfast.answer import StepResult
from holdfast.api_step.programs import ProgramAuthor
from holdfast.api_step.progress import LiveProgress
from holdfast.api_step.runner import ApiStepRunner, Stores
from holdfast.artifacts import ArtifactStore
from holdfast.catalogue.endpoints import Catalogue
from holdfast.contracts import CallAllowance, ProgramRequest, ProgramRows, ProgramRun, StepRequest
from holdfast.demo import DEMO_TOKEN, Company, RateLimitOptions, TenantOptions, running
from holdfast.graph.snapshots import SnapshotStore
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.program_writer import ProgramWriter
from holdfast.query_worker import QueryPool
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import OktaSettings, Settings
from holdfast.special.runner import SpecialStepRunner
from holdfast.spending import Ledger

_SANDBOXES = 4
# A reviewer would say yes: the tenant is a demo.
_ANY_NUMBER = CallAllowance(calls=None)


@dataclass(frozen=True)
class _Open:
    author: ProgramAuthor
    runner: ApiStepRunner
    tools: SpecialStepRunner


class LiveTenant:
    """Serves one company, and runs API steps against it as a worker does. Close it in the end."""

    def __init__(
        self,
        company: Company,
        programs: ProgramWriter,
        settings: Settings,
        snapshots: SnapshotStore,
        pool: QueryPool,
    ) -> None:
        """`snapshots` and `pool` are for special tools, which read both."""
        self._snapshots, self._pool = snapshots, pool
        self._company = company
        self._programs = programs
        self._settings = settings
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._opened: _Open | None = None

    async def run(self, request: StepRequest, ledger: Ledger) -> StepResult:
        """The rows of one step, whatever it costs. Raises what writing and running a program raises."""
        live = await self._open()
        program = await live.author.write(ProgramRequest(step=request), ledger)
        run = ProgramRun(step=request, program=program, allowance=_ANY_NUMBER)
        outcome = await live.runner.run(run, LiveProgress())
        assert isinstance(outcome, ProgramRows)
        return outcome.result

    async def run_tool(self, request: StepRequest) -> StepResult:
        """The rows of a special tool, whose windows count back from the company's own moment. Raises what it raises."""
        live = await self._open()
        outcome = await live.tools.run(request, self._company.now, _ANY_NUMBER)
        assert isinstance(outcome, StepResult)
        return outcome

    async def close(self) -> None:
        """End the tenant and the sandboxes, where there are any."""
        await self._stack.aclose()

    async def _open(self) -> _Open:
        async with self._opening:
            if self._opened is None:
                self._opened = await self._started()
            return self._opened

    async def _started(self) -> _Open:
        options = TenantOptions(rate_limits=RateLimitOptions(enabled=False))
        served = await self._stack.enter_async_context(running(self._company, options))
        sandbox = await self._stack.enter_async_context(Sandbox(processes=_SANDBOXES))
        okta = OktaSettings(url=served.url, token=SecretStr(DEMO_TOKEN))
        settings = self._settings.model_copy(update={"okta": okta})
        folder = settings.data_dir
        # The snapshot was made of the same company, from files.
        stores = Stores(lambda _: served.url, ArtifactStore(folder / "artifacts"), folder / "journals")
        tenant = SharedTenant(lambda: OktaClient.from_settings(okta))
        author = ProgramAuthor(self._programs, sandbox, Catalogue.load())
        tools = SpecialStepRunner(self._snapshots, self._pool, tenant, stores, settings)
        return _Open(author, ApiStepRunner(sandbox, tenant, stores, settings), tools)
