"""Questions of a log of a million events: how fast they are read, and what memory the worker and its sandboxes need."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import psutil
from pydantic import SecretStr

from benchmarks.measurement import Measurement
from holdfast.answer import SnapshotRef
from holdfast.api_settings import ApiSettings
from holdfast.api_step.programs import ProgramAuthor
from holdfast.api_step.progress import LiveProgress
from holdfast.api_step.runner import ApiStepRunner, Stores
from holdfast.artifacts import ArtifactStore
from holdfast.catalogue.endpoints import Catalogue
from holdfast.contracts import ProgramRequest, ProgramRows, ProgramRun, StepRequest
from holdfast.demo import DEMO_TOKEN
from holdfast.graph.schema import BASE_SCHEMA
from holdfast.offline.live.log.planning import log_steps
from holdfast.offline.live.log.shapes import Ended, Events, EventSet, Facet, LogList, LogMeaning, LogTally
from holdfast.offline.live.writer import OfflineProgramWriter
from holdfast.offline.reading.lexicon import lexicon
from holdfast.offline.wording import Wording
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.plan import ApiStep
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import OktaSettings, Settings
from holdfast.spending import Ledger
from starter.ports import free_port

# Of so many a million are of the kinds that are asked for.
EVENTS = 1_700_000
USERS = 10_000
_KINDS = ("sign_in", "app_opening", "mfa")
_LISTED_DAYS = 3
_MIB = 1 << 20
_WORKER_MIB = 2_048
_EVERY_S = 0.02


@dataclass
class _Peak:
    """The most memory that this process and any one of its sandboxes had at a time."""

    worker: int = 0
    sandbox: int = 0


async def measure(folder: Path) -> list[Measurement]:
    """A tally over all events and a list of those of some days, each by a program of its own over the wire."""
    port, now = free_port(), datetime.now(UTC).replace(microsecond=0)
    sets = tuple(EventSet(name=name, ended=Ended.ANY) for name in _KINDS)
    ever = Events(sets=sets, start=now - timedelta(days=90), end=now)
    days = Events(sets=sets, start=now - timedelta(days=_LISTED_DAYS), end=now)
    questions: dict[str, LogMeaning] = {
        "by person": LogTally(events=ever, by=(Facet.PERSON,)),
        f"listed, {_LISTED_DAYS} days": LogList(events=days),
    }
    okta = OktaSettings(url=f"http://127.0.0.1:{port}", token=SecretStr(DEMO_TOKEN))
    policy = ApiSettings(pages=10 * EVENTS // 1_000)
    found: list[Measurement] = []
    async with _serving(port), Sandbox(processes=1) as sandbox:
        settings = Settings(data_dir=folder, okta=okta, api=policy)
        for number, (name, meaning) in enumerate(questions.items()):
            found += await _asked(sandbox, settings, (f"q-{number}", name), meaning)
    return found


async def _asked(
    sandbox: Sandbox, settings: Settings, question: tuple[str, str], meaning: LogMeaning
) -> list[Measurement]:
    correlation_id, name = question
    author = ProgramAuthor(OfflineProgramWriter(), sandbox, Catalogue.load())
    runner = _runner(sandbox, settings)
    request = _request(correlation_id, meaning)
    program = await author.write(ProgramRequest(step=request), Ledger.under(settings.models))
    async with _watched() as peak:
        began = time.perf_counter()
        outcome = await runner.run(ProgramRun(step=request, program=program, allowance=None), LiveProgress())
        seconds = time.perf_counter() - began
    assert isinstance(outcome, ProgramRows), outcome
    assert outcome.result.live is not None
    calls = sum(used.calls for used in outcome.result.live.endpoints)
    note = f"{calls:,} pages of up to 1,000 events in {seconds:.1f} s, {outcome.result.rows.row_count:,} rows"
    least = 1_000 * (calls - 1) / seconds
    sandbox_mib = settings.api.sandbox_memory_bytes / _MIB
    return [
        Measurement(name=f"log {name}: read", value=least, unit="events/s", target=None, note=note),
        Measurement(name=f"log {name}: worker", value=peak.worker / _MIB, unit="MiB", target=_WORKER_MIB),
        Measurement(name=f"log {name}: sandbox", value=peak.sandbox / _MIB, unit="MiB", target=sandbox_mib),
    ]


def _request(correlation_id: str, meaning: LogMeaning) -> StepRequest:
    (step,) = log_steps(meaning, BASE_SCHEMA, "events of the system log", Wording(lexicon()), "")
    assert isinstance(step, ApiStep)
    snapshot = SnapshotRef(id="bench", synced_at=meaning.events.end)
    return StepRequest(correlation_id=correlation_id, question="", snapshot=snapshot, step=step, earlier=())


def _runner(sandbox: Sandbox, settings: Settings) -> ApiStepRunner:
    assert settings.okta.url is not None
    url, folder = settings.okta.url, settings.data_dir
    tenant = SharedTenant(lambda: OktaClient.from_settings(settings.okta))
    return ApiStepRunner(sandbox, tenant, Stores(lambda _: url, ArtifactStore(folder / "a"), folder / "j"), settings)


@asynccontextmanager
async def _serving(port: int) -> AsyncIterator[None]:
    """The tenant in a process of its own, its log made."""
    options = ["--port", str(port), "--users", str(USERS), "--log-events", str(EVENTS), "--rate-limits", "off"]
    tenant = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "starter", "tenant", "serve", *options, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await _warmed_up(f"http://127.0.0.1:{port}")
        yield
    finally:
        tenant.terminate()
        await tenant.wait()


async def _warmed_up(url: str) -> None:
    """Wait for the tenant, and for its log, which it makes when it is first asked for."""
    headers = {"Authorization": f"SSWS {DEMO_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout()) as session:
        while True:
            try:
                async with session.get(f"{url}/api/v1/logs?limit=1") as answer:
                    answer.raise_for_status()
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def _watched() -> AsyncIterator[_Peak]:
    peak = _Peak()
    task = asyncio.create_task(_watch(peak))
    try:
        yield peak
    finally:
        task.cancel()


async def _watch(peak: _Peak) -> None:
    this = psutil.Process()
    while True:
        peak.worker = max(peak.worker, this.memory_info().rss)
        for child in this.children(recursive=True):
            try:
                if "tenant" not in child.cmdline():
                    peak.sandbox = max(peak.sandbox, child.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
        await asyncio.sleep(_EVERY_S)
