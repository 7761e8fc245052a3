"""How soon an event reaches many viewers, and what they cost the questions that they watch."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import psutil

from benchmarks.measurement import Measurement
from holdfast.contracts import Decision, Review
from holdfast.execution import State
from holdfast.settings import load_settings
from starter import questions
from starter.connection import Connection, connect_to
from starter.embedded import EmbeddedTemporal, find_temporal
from starter.ports import LOOPBACK, free_port

QUESTIONS = 50
VIEWERS_EACH = 20
# In turn, so that a slow moment of the machine meets both.
ROUNDS = 2
_Seen = list[tuple[list[int], list[float]]]


async def measure(folder: Path) -> list[Measurement]:
    """One question with 100 viewers; then 50 questions at once, unwatched and watched by 1,000 in turn."""
    async with AsyncExitStack() as stack:
        temporal = await stack.enter_async_context(EmbeddedTemporal(find_temporal(None, tell=print), folder))
        port = free_port()
        await stack.enter_async_context(_process("work", temporal.address))
        gateway = await stack.enter_async_context(_process("serve", temporal.address, str(folder), str(port)))
        connection = Connection(await connect_to(temporal.address, "default"), load_settings(data_dir=folder), None)
        await _until_it_serves(port)
        await _run(connection, 1)
        _, one = await _run(connection, 1, port=port, viewers=100)
        alone: list[float] = []
        watched: list[float] = []
        many: _Seen = []
        for _ in range(ROUNDS):
            alone += (await _run(connection, QUESTIONS))[0]
            seconds, seen = await _run(connection, QUESTIONS, port=port, viewers=VIEWERS_EACH)
            watched += seconds
            many += seen
        memory = psutil.Process(gateway.pid).memory_info().rss
    return _measurements(one, many, statistics.median(watched) / statistics.median(alone), memory)


def _measurements(one: _Seen, many: _Seen, slower: float, memory: int) -> list[Measurement]:
    note = f"{QUESTIONS} questions, {VIEWERS_EACH} viewers each"
    return [
        Measurement(name="event to 100 viewers, p95", value=_p95(one) * 1e3, unit="ms", target=150),
        Measurement(name="event to 1,000 viewers, p95", value=_p95(many) * 1e3, unit="ms", target=None, note=note),
        Measurement(name="events lost or repeated", value=_wrong(one) + _wrong(many), unit="", target=0, note=note),
        Measurement(name="run slowed by its viewers", value=(slower - 1) * 100, unit="%", target=5, note=note),
        Measurement(name="gateway memory", value=memory / 2**20, unit="MiB", target=500),
    ]


def _p95(seen: _Seen) -> float:
    return statistics.quantiles([seconds for _, late in seen for seconds in late], n=20)[-1]


def _wrong(seen: _Seen) -> int:
    """Events that one viewer missed or saw twice; the longest list of offsets is what there was."""
    most = max(max(offsets, default=-1) for offsets, _ in seen)
    return sum(offsets != list(range(most + 1)) for offsets, _ in seen)


async def _run(connection: Connection, count: int, *, port: int = 0, viewers: int = 0) -> tuple[list[float], _Seen]:
    """Let so many questions go at once; the seconds from their review to their end, and what their viewers saw."""
    started = [await questions.start(connection, "Who is locked out?", asker="bench") for _ in range(count)]
    ids = [asked.id for asked, _ in started]
    await asyncio.gather(*(_until_it_waits(connection, each) for each in ids))
    if not viewers:
        return await _decided(connection, ids), []
    async with _process("view", str(port), str(viewers), *ids) as viewing:
        assert viewing.stdout is not None
        assert await viewing.stdout.readline() == b"served\n"
        seconds = await _decided(connection, ids)
        return seconds, orjson.loads(await viewing.stdout.read())


async def _decided(connection: Connection, ids: list[str]) -> list[float]:
    began = datetime.now(UTC)
    approval = Review(decision=Decision.APPROVE, reviewer="bench")
    await asyncio.gather(*(questions.review(connection, each, approval) for each in ids))
    answers = await asyncio.gather(*(questions.answer_of(connection, each) for each in ids))
    return [(answer.finished - began).total_seconds() for answer in answers]


async def _until_it_waits(connection: Connection, question_id: str) -> None:
    while (await questions.asked(connection, question_id)).state != State.BLOCKED:
        await asyncio.sleep(0.1)


async def _until_it_serves(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client:
        for _ in range(300):
            try:
                if (await client.get("/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise TimeoutError("The gateway does not serve.")


@asynccontextmanager
async def _process(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.viewing", *arguments, stdout=asyncio.subprocess.PIPE, limit=1 << 26
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
