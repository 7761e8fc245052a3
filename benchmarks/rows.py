"""Rows of a million over HTTP: the first page, sorts, searches, pages of a view, exports, and the gateway's memory."""

from __future__ import annotations

import asyncio
import statistics
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import psutil
from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from benchmarks.measurement import Measurement
from holdfast.answer import FormattedAnswer, Header
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import TASK_QUEUE, FormatRequest
from holdfast.settings import load_settings
from starter import questions
from starter.connection import Connection
from starter.embedded import EmbeddedTemporal, find_temporal
from starter.ports import LOOPBACK, free_port
from tests.gateways import CALLER
from tests.workflows.fakes import NO_EFFORT, ScriptedActivities, planned, step
from workflows.query import QueryWorkflow

ROWS = 1_000_000
_LATE = 900_000
_QUESTIONS = 5
_SORTS_FOR_MEMORY = 200
_MIB = 1 << 20
_SEARCHES = ("last777", "zzzqq", "team 7", "é", "777", "2026-01-02", "T23:59", "true")


def table() -> pl.DataFrame:
    """Ten columns as an answer has them; no column in the order of another."""
    place = pl.int_range(ROWS, eager=True)
    number, other = place.shuffle(seed=3), place.shuffle(seed=5)
    first = pl.Series(["Ada", "Émile", "bob", "Zoë", "Çelik", "Jürgen", "anna"])
    began, seen = pl.lit(datetime(2024, 1, 1)), pl.lit(datetime(2026, 1, 1))  # noqa: DTZ001
    return pl.DataFrame({"user_id": number}).select(
        pl.format("00u{}", number + 10_000_000).alias("user_id"),
        login=pl.format("person{}@example.com", number),
        name=pl.format("{} Last{}", first.gather(number % 7), other % 50_000),
        department=pl.Series(["Finance", "Engineering", "Sales", "Legal", "Support"]).gather(number % 5),
        status=pl.when(number % 11 > 0).then(pl.Series(["ACTIVE", "SUSPENDED", "STAGED"]).gather(number % 3)),
        created=began + pl.duration(seconds=pl.lit(number * 37)),
        last_login=pl.when(other % 7 > 0).then(seen + pl.duration(milliseconds=pl.lit(other * 97))),
        groups=pl.concat_list(pl.format("Team {}", number % 100), pl.format("Group {}", other % 77)),
        logins=number % 100_000,
        active=other % 2 == 0,
    )


class ScriptedTable(ScriptedActivities):
    """Every question is answered with the same table."""

    def __init__(self, artifacts: ArtifactStore, rows: pl.DataFrame) -> None:
        super().__init__(planned(step("people")))
        self._artifacts, self._rows = artifacts, rows

    def all(self) -> list[Callable[..., Any]]:
        return [self.plan_question, self.run_cypher_step, self.format_table, *self.programs.all()]

    @activity.defn(name="format_answer")
    async def format_table(self, request: FormatRequest) -> FormattedAnswer:
        ref = await asyncio.to_thread(self._artifacts.write, f"{request.correlation_id}/answer", self._rows)
        return FormattedAnswer(
            display_type="table",
            headers=tuple(Header(text=name.title(), value=name) for name in self._rows.columns),
            rows=ref,
            summary="People",
            total_items=ROWS,
            processing_method="script",
            effort=NO_EFFORT,
        )


async def measure(folder: Path) -> list[Measurement]:
    """One gateway process, asked by one client on loopback."""
    async with EmbeddedTemporal(find_temporal(None, tell=print), folder) as temporal:
        client = await Client.connect(temporal.address, data_converter=pydantic_data_converter)
        connection = Connection(client, load_settings(data_dir=folder), None)
        script = ScriptedTable(ArtifactStore(folder / "artifacts"), table())
        async with Worker(client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all()):
            asked = [(await questions.start(connection, f"People {n}", asker="ada"))[0].id for n in range(_QUESTIONS)]
            for question_id in asked:
                await questions.answer_of(connection, question_id)
        async with _gateway(temporal.address, folder) as (http, process):
            return await _measured(http, process, asked)


@asynccontextmanager
async def _gateway(temporal: str, folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, psutil.Process]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.rows_gateway", temporal, str(folder), str(port)
    )
    try:
        async with httpx.AsyncClient(
            base_url=f"http://{LOOPBACK}:{port}", headers={CALLER: "ada"}, timeout=120
        ) as http:
            await _until_ready(http)
            yield http, psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _until_ready(http: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            (await http.get("/readyz")).raise_for_status()
        except httpx.HTTPError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError("The gateway does not serve.")


async def _measured(http: httpx.AsyncClient, process: psutil.Process, asked: list[str]) -> list[Measurement]:
    with _peak_of(process) as peak:
        first = []
        for question_id in asked:
            first.append(await _page_seconds(http, question_id))
            # What this begins for the sorts to come would be in the next one's way; people come one at a time.
            await asyncio.sleep(2)
        question_id = asked[-1]
        sorts = {by: await _page_seconds(http, question_id, sort=by) for by in _sorts()}
        searches = {text: await _page_seconds(http, question_id, search=text) for text in _SEARCHES}
        late = [await _page_seconds(http, question_id, sort="name", offset=_LATE + n) for n in range(20)]
        natural = [await _page_seconds(http, question_id, offset=_LATE + n) for n in range(20)]
        csv = await _export_figures(http, question_id, format="csv")
        sorted_csv = await _export_figures(http, question_id, format="csv", sort="-name")
        before = process.memory_info().rss
        for n in range(_SORTS_FOR_MEMORY):
            await _page_seconds(http, question_id, sort=_sorts()[n % 20], filter=f"logins:ge:{n}")
        grown = process.memory_info().rss - before
    slow_sort, slow_search = (max(each, key=lambda name: each[name]) for each in (sorts, searches))
    return [
        _ms("first page", first, 100, "median of five answers"),
        _ms("sort by one column", list(sorts.values()), 500, f"median; slowest {_slowest(sorts, slow_sort)}"),
        _ms(
            "search in all columns", list(searches.values()), 500, f"median; slowest {_slowest(searches, slow_search)}"
        ),
        _ms("page at 900,000 of a sorted view", late, 50, "median"),
        _ms("page at 900,000 of the table", natural, 50, "median"),
        Measurement(name="csv: first byte", value=csv[0] * 1e3, unit="ms", target=200),
        Measurement(name="csv", value=csv[1] / _MIB, unit="MiB/s", target=50, at_most=False),
        Measurement(name="csv of a sorted view", value=sorted_csv[1] / _MIB, unit="MiB/s", target=50, at_most=False),
        Measurement(name="gateway memory, most", value=peak[0] / _MIB, unit="MiB", target=500),
        Measurement(
            name="memory that 200 more sorts add", value=grown / _MIB, unit="MiB", target=100, note="each with a filter"
        ),
    ]


def _sorts() -> list[str]:
    names = ["user_id", "login", "name", "department", "status", "created", "last_login", "groups", "logins", "active"]
    return [*names, *(f"-{name}" for name in names)]


async def _page_seconds(http: httpx.AsyncClient, question_id: str, **query: Any) -> float:
    start = time.perf_counter()
    response = await http.get(f"/api/questions/{question_id}/rows", params={"limit": 200, **query})
    seconds = time.perf_counter() - start
    response.raise_for_status()
    return seconds


async def _export_figures(http: httpx.AsyncClient, question_id: str, **query: str) -> tuple[float, float]:
    """Seconds to the first byte, and bytes a second over the whole."""
    start = time.perf_counter()
    first, received = None, 0
    async with http.stream("GET", f"/api/questions/{question_id}/export", params=query) as response:
        response.raise_for_status()
        async for piece in response.aiter_raw():
            first = first or time.perf_counter() - start
            received += len(piece)
    assert first is not None
    return first, received / (time.perf_counter() - start)


@contextmanager
def _peak_of(process: psutil.Process) -> Iterator[list[int]]:
    """The most resident memory that was seen in some thousand looks a minute."""
    peak, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _ms(name: str, seconds: list[float], target: float, note: str) -> Measurement:
    return Measurement(name=name, value=statistics.median(seconds) * 1e3, unit="ms", target=target, note=note)


def _slowest(seconds: dict[str, float], name: str) -> str:
    return f"{seconds[name] * 1e3:.0f} ms ({name})"
