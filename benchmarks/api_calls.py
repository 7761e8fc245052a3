"""A program that makes 10,000 calls of 0.1 s, fifty at a time, beside the least that this can take."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import orjson
from pydantic import SecretStr

from benchmarks.measurement import Measurement, seconds_of
from holdfast.answer import Effort, Generated, SnapshotRef
from holdfast.api_settings import ApiSettings
from holdfast.api_step.progress import LiveProgress
from holdfast.api_step.runner import ApiStepRunner, Stores
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import ProgramRows, ProgramRun, PromisedColumn, StepRequest, WrittenProgram
from holdfast.demo import DEMO_TOKEN
from holdfast.errors import OktaRefused
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.plan import ApiStep
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import OktaSettings, Settings
from starter.ports import free_port

USERS = 1_000
CALLS = 10_000
LATENCY_S = 0.1
AT_ONCE = 50
_IDEAL_S = CALLS * LATENCY_S / AT_ONCE
_WARM_UP = 100

_PROGRAM = """
import asyncio

users = await list_users(fields=("id",))


async def counted(user_id):
    factors, unread = await attempt(list_user_factors(user_id, fields=("factorType",)))
    return {"id": user_id, "factors": None if factors is None else len(factors), "unread": unread}


asked = [users[number % len(users)]["id"] for number in range(CALLS)]
result = list(await asyncio.gather(*[counted(user_id) for user_id in asked]))
"""
_COLUMNS = (
    PromisedColumn(name="id", kind="text"),
    PromisedColumn(name="factors", kind="integer"),
    PromisedColumn(name="unread", kind="text"),
)


async def measure(folder: Path) -> list[Measurement]:
    """The same calls by the client alone, by a program, and by the program again out of its journal."""
    log = folder / "requests.jsonl"
    port = free_port()
    tenant = await _serving(port, log)
    okta = OktaSettings(url=f"http://127.0.0.1:{port}", token=SecretStr(DEMO_TOKEN), concurrency=AT_ONCE)
    policy = ApiSettings(calls_each=10 * CALLS, pages=CALLS)
    settings = Settings(data_dir=folder, okta=okta, api=policy)
    try:
        alone = await _client_alone(settings)
        async with Sandbox() as sandbox:
            runner = _runner(sandbox, settings)
            await runner.run(_run("q-warm-up", _WARM_UP), LiveProgress())
            before, cpu = _asked(log), _cpu_seconds()
            took = await seconds_of(lambda: _rows(runner, "q-bench"))
            spent = _cpu_seconds() - cpu
            asked = _asked(log) - before
            again = await seconds_of(lambda: _rows(runner, "q-bench"))
        repeated = _asked(log) - before - asked
    finally:
        tenant.terminate()
        await tenant.wait()
    note = f"{asked.total():,} requests in {took:.2f} s, {spent:.1f} s of one core; ideal {_IDEAL_S:.1f} s"
    name = "10,000 calls by a program, of the ideal"
    return [
        Measurement(name=name, value=took / _IDEAL_S, unit="", target=1.05, note=note),
        Measurement(name="by the client alone, of the ideal", value=alone / _IDEAL_S, unit="", target=None),
        Measurement(name="cost of sandbox and journal", value=took / alone - 1, unit="", target=0.05),
        Measurement(name="again out of the journal", value=again, unit="s", target=2.0),
        Measurement(name="requests repeated by that", value=repeated.total(), unit="", target=0),
    ]


async def _serving(port: int, log: Path) -> asyncio.subprocess.Process:
    options = ["--port", str(port), "--users", str(USERS), "--log-events", "0", "--rate-limits", "off"]
    options += ["--latency", str(LATENCY_S), "--request-log", str(log)]
    tenant = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "starter", "tenant", "serve", *options, stdout=asyncio.subprocess.DEVNULL
    )
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/_demo/company"):
                    return tenant
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


async def _client_alone(settings: Settings) -> float:
    async with OktaClient.from_settings(settings.okta) as okta:
        users = [user["id"] async for page in okta.pages("/api/v1/users", {"limit": 200}) for user in page.items]
        asked = (okta.address(f"/api/v1/users/{users[number % len(users)]}/factors") for number in range(CALLS))

        async def take() -> None:
            for url in asked:
                try:
                    await okta.read(url)
                except OktaRefused:
                    continue

        async def all_of_them() -> None:
            await asyncio.gather(*(take() for _ in range(AT_ONCE)))

        return await seconds_of(all_of_them)


def _runner(sandbox: Sandbox, settings: Settings) -> ApiStepRunner:
    assert settings.okta.url is not None
    url, folder = settings.okta.url, settings.data_dir
    tenant = SharedTenant(lambda: OktaClient.from_settings(settings.okta))
    return ApiStepRunner(sandbox, tenant, Stores(lambda _: url, ArtifactStore(folder / "a"), folder / "j"), settings)


async def _rows(runner: ApiStepRunner, correlation_id: str) -> None:
    outcome = await runner.run(_run(correlation_id, CALLS), LiveProgress())
    assert isinstance(outcome, ProgramRows), outcome
    assert outcome.result.rows.row_count == CALLS


def _run(correlation_id: str, calls: int) -> ProgramRun:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    step = ApiStep(id="factors", entity="UserFactor", operation="list", query_context="factors of everyone")
    return ProgramRun(
        step=StepRequest(
            correlation_id=correlation_id,
            question="",
            snapshot=SnapshotRef(id="bench", synced_at=now),
            step=step,
            earlier=(),
        ),
        program=WrittenProgram(
            generated=Generated(language="python", text=_PROGRAM.replace("CALLS", str(calls)), author="bench"),
            endpoints=("list_users", "list_user_factors"),
            columns=_COLUMNS,
            explanation="",
            estimated_calls=None,
            now=now,
            seed=1,
            effort=Effort(seconds=0, peak_memory_bytes=0),
        ),
    )


def _asked(log: Path) -> Counter[str]:
    return Counter(orjson.loads(line)["path"] for line in log.read_bytes().splitlines())


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
