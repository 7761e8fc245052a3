"""A process that runs a program is killed in the middle: another one goes on, and asks nothing twice that was kept."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from holdfast.answer import EndpointUse
from holdfast.demo import Company, FaultOptions, TenantOptions, make_company, running
from holdfast.sandbox.pool import Sandbox
from tests.api_steps import Asked, Bench
from tests.demo_asker import UNLIMITED
from tests.integration.run_a_program import PROGRAMS

AT_ONCE = 8


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(seed=3, users=60)


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("which", list(PROGRAMS))
@pytest.mark.parametrize("kills", [(20,), (5, 30, 45)], ids=str)
async def test_nothing_that_was_finished_is_asked_again(
    which: str, kills: tuple[int, ...], company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    faults = FaultOptions(latency=timedelta(milliseconds=10), jitter=timedelta(milliseconds=10))
    options = TenantOptions(request_log=tmp_path / "requests", rate_limits=UNLIMITED, faults=faults)
    asked, run = Asked(tmp_path / "requests"), PROGRAMS[which]()
    async with running(company, options) as tenant:
        for kill in kills:
            await killed_at(kill, asked, tenant.url, tmp_path, which)
        bench = Bench(sandbox, tenant.url, tmp_path, concurrency=AT_ONCE)
        result = await bench.result(run)
        undisturbed = Bench(sandbox, tenant.url, tmp_path / "undisturbed", concurrency=AT_ONCE)
        before = asked.finished()
        truth = await undisturbed.result(run)
    assert bench.rows(result) == undisturbed.rows(truth)
    assert result.notes == ()
    once = asked.finished()
    once.subtract(before)
    # Those in flight at each kill were answered to nobody.
    again = sum((before - once).values())
    assert again <= AT_ONCE * len(kills)
    assert result.live is not None
    assert truth.live is not None
    assert calls(result.live.endpoints) == calls(truth.live.endpoints)


def calls(uses: tuple[EndpointUse, ...]) -> dict[str, int]:
    return {use.endpoint: use.calls for use in uses}


async def killed_at(count: int, asked: Asked, url: str, folder: Path, which: str) -> None:
    """Run it in a process of its own, and kill that when the tenant was asked so often."""
    arguments = ["-m", "tests.integration.run_a_program", url, str(folder), which]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    while asked.count < count and process.returncode is None:
        await asyncio.sleep(0.005)
    assert process.returncode is None, "it ended before it could be killed"
    process.kill()
    await process.wait()
