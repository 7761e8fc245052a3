"""Runs a special tool as a worker does, in a process of its own that a test may kill: `URL SNAPSHOTS FOLDER CALL`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import orjson
from pydantic import JsonValue

from holdfast.answer import StepResult
from holdfast.api_step.runner import Stores
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import CallAllowance, CallsWanted, StepRequest
from holdfast.demo import DEMO_TOKEN
from holdfast.graph.snapshots import SnapshotStore
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.plan import SpecialStep
from holdfast.processes import die_with_parent
from holdfast.query_worker import QueryPool
from holdfast.settings import load_settings
from holdfast.special.runner import SpecialStepRunner

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def query_pool() -> QueryPool:
    return QueryPool(engine="ladybug", size=1, timeout=timedelta(seconds=60), memory_bytes=1 << 30, max_rows=100_000)


async def result_of(
    runner: SpecialStepRunner, snapshots: SnapshotStore, tool: str, parameters: dict[str, JsonValue]
) -> StepResult:
    outcome = await outcome_of(runner, snapshots, tool, parameters)
    assert isinstance(outcome, StepResult)
    return outcome


async def outcome_of(
    runner: SpecialStepRunner,
    snapshots: SnapshotStore,
    tool: str,
    parameters: dict[str, JsonValue],
    allowance: CallAllowance | None = None,
) -> StepResult | CallsWanted:
    called = blake2b(orjson.dumps([tool, parameters]), digest_size=8).hexdigest()
    request = StepRequest(
        correlation_id="q",
        question="?",
        snapshot=snapshots.current().ref,
        step=SpecialStep(
            id=f"t{called}", name=tool, entity="user", operation="get", query_context="?", parameters=parameters
        ),
        earlier=(),
    )
    return await runner.run(request, NOW, allowance)


def runner_of(
    url: str,
    snapshots: SnapshotStore,
    pool: QueryPool,
    folder: Path,
    synced_from: str | None = None,
    unasked_calls: int = 1_000,
) -> SpecialStepRunner:
    api = {"pages": unasked_calls, "calls_each": unasked_calls}
    settings = load_settings(data_dir=folder, okta={"url": url, "token": DEMO_TOKEN}, api=api)
    okta = SharedTenant(lambda: OktaClient.from_settings(settings.okta))
    stores = Stores(lambda _: synced_from or url, ArtifactStore(folder / "artifacts"), folder / "journals")
    return SpecialStepRunner(snapshots, pool, okta, stores, settings)


async def run(url: str, snapshots: SnapshotStore, folder: Path, call: str) -> None:
    tool, parameters = orjson.loads(call)
    pool = query_pool()
    try:
        await result_of(runner_of(url, snapshots, pool, folder), snapshots, tool, parameters)
    finally:
        await pool.close()


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(run(sys.argv[1], SnapshotStore(Path(sys.argv[2])), Path(sys.argv[3]), sys.argv[4]))
