"""A warm question of three steps, beside Temporal's own floor for the same activities in the same run."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

from benchmarks.floor import FLOOR_QUEUE, Floor
from benchmarks.measurement import Measurement, seconds_of
from holdfast.answer import Question
from holdfast.contracts import TASK_QUEUE
from holdfast.settings import load_settings
from starter import syncs
from starter.connection import Connection, connect
from starter.stack import Stack
from workflows.query import QueryWorkflow

QUESTION = "Find users logged in the last 7 days and fetch me their applications and groups"
RUNS = 40
WARM_UP = 5


async def measure(folder: Path) -> list[Measurement]:
    """Medians over the same stack: the embedded server, one worker, the demo tenant of 1,000 people."""
    settings = load_settings(data_dir=folder)
    stack = Stack(settings, say=lambda line: None)
    async with stack.started():
        connection = await connect(settings)
        sync, _ = await syncs.start(connection, "full", asker="benchmark")
        await syncs.follow(connection, sync, lambda *_: None)
        floor_worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.floor", connection.client.service_client.config.target_host
        )
        try:
            return await _compare(connection)
        finally:
            floor_worker.terminate()
            await floor_worker.wait()


async def _compare(connection: Connection) -> list[Measurement]:
    async def ask() -> None:
        question = Question(correlation_id=f"q-bench-{uuid4()}", text=QUESTION, tenant=connection.tenant, asker="bench")
        answer = await connection.client.execute_workflow(
            QueryWorkflow.run, question, id=question.correlation_id, task_queue=TASK_QUEUE
        )
        assert answer.success, answer.message
        assert len(answer.steps) == 3, "the question that is measured has three steps"

    async def floor() -> None:
        await connection.client.execute_workflow(Floor.run, id=f"floor-{uuid4()}", task_queue=FLOOR_QUEUE)

    asked, least = await _in_turn(ask, floor)
    return [
        Measurement(name="warm question, three steps", value=asked * 1e3, unit="ms", target=None, note="median"),
        Measurement(name="Temporal's floor, five activities", value=least * 1e3, unit="ms", target=None, note="median"),
        Measurement(name="question above the floor", value=(asked - least) * 1e3, unit="ms", target=150),
    ]


async def _in_turn(first: Callable[[], Awaitable[None]], second: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Medians in seconds; run in turn, so that a slow moment of the machine meets both."""
    times = [(await seconds_of(first), await seconds_of(second)) for _ in range(WARM_UP + RUNS)][WARM_UP:]
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)
