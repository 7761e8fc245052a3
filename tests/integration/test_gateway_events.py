"""Watching questions over HTTP, on the real server, with scripted activities behind them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
import polars as pl
import pytest
import uvicorn
from temporalio.client import Client
from temporalio.worker import Worker
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import ConnectionClosed

from holdfast.artifacts import ArtifactStore
from holdfast.contracts import TASK_QUEUE
from holdfast.events import AnyDelivered
from holdfast.settings import load_settings
from starter import questions
from starter.connection import Connection
from starter.delivery import delivered
from starter.gateway import event_stream
from starter.gateway.app import create_app
from starter.gateway.gateway import Gateway
from starter.gateway.serving import Server
from starter.ports import LOOPBACK, free_port
from starter.streams import Frame
from tests.event_readers import Seen, seen_in, watched
from tests.gateways import ADA, CALLER, NamedCallers, serving_app
from tests.workflows.fakes import ScriptedActivities, planned, step
from workflows.query import QueryWorkflow

MANY = 2_345
RUN = ["STATE", "PLAN-GENERATED", "STEP-START", "STEP-END", "STATE"]


@dataclass
class House:
    """A gateway, its client, and what stands behind it. A question whose text is MANY finds so many rows."""

    client: httpx.AsyncClient
    gateway: Gateway
    access: NamedCallers
    temporal: Client
    script: ScriptedActivities

    def worker(self) -> Worker:
        return Worker(self.temporal, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=self.script.all())

    async def ask(self, rows: int = 1, *, are_kept: bool = True, width: int = 0) -> str:
        """Ask a question whose answer has so many rows."""
        self.script.rows["people"] = rows
        asked = await self.client.post("/api/questions", json={"text": "Who is locked out?"})
        question_id: str = asked.json()["id"]
        if are_kept:
            frame = pl.DataFrame({"id": [f"u{n}".ljust(width) for n in range(rows)]}, schema={"id": pl.String})
            self.gateway.artifacts.write(f"{question_id}/answer", frame)
        return question_id


@pytest.fixture
async def house(temporal_client: Client, tmp_path: Path) -> AsyncIterator[House]:
    access = NamedCallers()
    connection = Connection(temporal_client, load_settings(data_dir=tmp_path), None)
    script = ScriptedActivities(planned(step("people")), held=("people",))
    gateway = Gateway(connection, access, ArtifactStore(tmp_path / "artifacts"))
    async with serving_app(create_app(gateway, max_body_bytes=1 << 20)) as client:
        client.headers[CALLER] = ADA.subject
        yield House(client, gateway, access, temporal_client, script)
        # Whoever serves does it before it waits for its viewers to go.
        await gateway.hub.close()


def _places(seen: list[Seen]) -> list[tuple[int, str]]:
    return [(each.offset, each.type) for each in seen]


async def test_a_viewer_joins_at_any_offset_during_and_after_the_run(house: House) -> None:
    async with house.worker():
        question_id = await house.ask()
        during = [asyncio.create_task(watched(house.client, question_id, offset=offset)) for offset in range(7)]
        await house.script.until_asked("people")
        house.script.release("people")
        everything, *tails = await asyncio.gather(*during)
        assert _places(everything) == list(enumerate([*RUN, "FINAL-RESULT"]))
        assert everything[-1].event["rows"] == [{"id": "u0"}]
        for offset, tail in enumerate(tails, 1):
            assert tail == everything[offset:]
        for offset in range(7):
            assert await watched(house.client, question_id, offset=offset) == everything[offset:]
            assert await watched(house.client, question_id, after=offset) == everything[offset + 1 :]


async def test_a_large_answer_comes_in_batches_which_a_viewer_may_join_in_the_middle(house: House) -> None:
    house.script.release("people")
    async with house.worker():
        question_id = await house.ask(MANY)
        everything = await watched(house.client, question_id)
        end = ["METADATA", "BATCH", "BATCH", "BATCH", "FINAL-RESULT"]
        assert _places(everything) == list(enumerate([*RUN, *end]))
        metadata, *batches, final = everything[len(RUN) :]
        assert (metadata.event["total_rows"], metadata.event["batches"]) == (MANY, 3)
        assert [batch.event["first"] for batch in batches] == [0, 1000, 2000]
        assert [row["id"] for batch in batches for row in batch.event["rows"]] == [f"u{n}" for n in range(MANY)]
        assert final.event["rows"] is None
        assert final.event["answer"]["outcome"] == "answered"
        for offset in range(len(RUN), len(everything) + 1):
            assert await watched(house.client, question_id, offset=offset) == everything[offset:]
        bare = await watched(house.client, question_id, rows=False)
        assert bare == [*everything[: len(RUN)], final]


async def test_every_event_is_as_the_schema_says(house: House) -> None:
    house.script.release("people")
    async with house.worker():
        for rows in (0, 3, MANY):
            for seen in await watched(house.client, await house.ask(rows)):
                AnyDelivered.model_validate(seen.event)


async def test_rows_that_were_removed_are_said_to_be_missing(house: House) -> None:
    house.script.release("people")
    async with house.worker():
        for rows in (3, MANY):
            *_, final = await watched(house.client, await house.ask(rows, are_kept=False))
            assert final.type == "FINAL-RESULT"
            assert final.event["rows"] is None
            assert "were removed" in final.event["rows_missing"]


async def test_a_viewer_sees_nothing_twice_and_misses_nothing_while_the_worker_is_away(house: House) -> None:
    async with house.worker():
        question_id = await house.ask()
        watching = asyncio.create_task(watched(house.client, question_id))
        await house.script.until_asked("people")
    house.script.release("people")
    # Joins while nobody answers.
    joined = asyncio.create_task(watched(house.client, question_id, offset=2))
    await asyncio.sleep(0.5)
    async with house.worker():
        assert _places(await watching) == list(enumerate([*RUN, "FINAL-RESULT"]))
        assert await joined == (await watching)[2:]


# The SDK drops the coroutine of a terminated workflow in the middle, whatever its `finally` clauses still await.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_question_that_was_ended_from_outside_ends_its_events_and_says_so(house: House) -> None:
    async with house.worker():
        question_id = await house.ask()
        watching = asyncio.create_task(watched(house.client, question_id))
        await house.script.until_asked("people")
        await house.temporal.get_workflow_handle(question_id).terminate()
        *_, final = await watching
        assert (final.offset, final.type) == (3, "FINAL-RESULT")
        assert "TERMINATED" in final.event["answer"]["message"]
        assert await watched(house.client, question_id) == await watching


async def test_a_question_that_no_worker_ever_had_ends_its_events_when_it_is_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "TASK_QUEUE", "nobody-works-here")
    question_id = await house.ask()
    watching = asyncio.create_task(watched(house.client, question_id))
    await asyncio.sleep(0.2)
    await house.temporal.get_workflow_handle(question_id).terminate()
    [final] = await watching
    assert (final.offset, final.event["answer"]["outcome"]) == (0, "failed")


async def test_a_viewer_of_an_ended_question_is_told_that_no_worker_answers(house: House) -> None:
    house.script.release("people")
    async with house.worker():
        question_id = await house.ask()
        await house.temporal.get_workflow_handle(question_id).result()
    async with house.client.stream("GET", f"/api/questions/{question_id}/events?offset=5", timeout=60) as response:
        lines = response.aiter_lines()
        while "No worker answers" not in await anext(lines):
            pass
        async with house.worker():
            while not (line := await anext(lines)).startswith("data: "):
                pass
    assert orjson.loads(line.removeprefix("data: "))["answer"]["outcome"] == "answered"


async def test_a_socket_tells_the_same_as_the_stream(house: House) -> None:
    house.script.release("people")
    async with house.worker():
        question_id = await house.ask(MANY)
        everything = await watched(house.client, question_id)
        for offset in (0, 4, 7):
            said = await _socket_messages(house, question_id, f"offset={offset}")
            assert said == [{"offset": seen.offset, **seen.event} for seen in everything[offset:]]
        bare = await _socket_messages(house, question_id, "rows=false")
        assert [message["offset"] for message in bare] == [*range(len(RUN)), everything[-1].offset]


async def test_the_command_line_tells_the_same_as_the_stream(house: House) -> None:
    house.script.release("people")
    async with house.worker():
        question_id = await house.ask(MANY)
        everything = await watched(house.client, question_id)
        for offset in (0, 4, 7):
            told = delivered(house.gateway.connection, question_id, offset, house.gateway.artifacts)
            lines = [orjson.loads(frame.line) async for frame in told if isinstance(frame, Frame)]
            assert lines == [{"offset": seen.offset, **seen.event} for seen in everything[offset:]]


async def test_a_socket_of_a_stranger_is_closed_with_a_reason(house: House) -> None:
    question_id = await house.ask()
    await house.temporal.get_workflow_handle(question_id).terminate()
    for caller, code in (("bob", 4404), ("", 4401)):
        async with connect_socket(_address(house, question_id), additional_headers={CALLER: caller}) as opened:
            with pytest.raises(ConnectionClosed) as closed:
                await opened.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        assert closed.value.rcvd.reason


async def test_a_question_is_asked_and_watched_in_one_request_and_goes_on_without_its_viewer(house: House) -> None:
    async with house.worker():
        asked = {"question": "Who is locked out?"}
        path = "/api/realtime/hybrid/stream"
        key = {"Idempotency-Key": "once"}
        async with house.client.stream("POST", path, json=asked, headers=key) as response:
            question_id = response.headers["X-Correlation-Id"]
            first = await anext(seen_in(response))
        house.script.release("people")
        async with house.client.stream("POST", path, json=asked, headers=key) as response:
            assert response.headers["X-Correlation-Id"] == question_id
            again = [seen async for seen in seen_in(response)]
    assert again[0] == first
    assert again[-1].type == "FINAL-RESULT"
    assert [each[1:3] for each in house.access.recorded] == [
        ("ask", question_id),
        ("see-events", question_id),
        # Asked again under the same key; seen by the same viewer.
        ("ask", question_id),
    ]


async def _socket_messages(house: House, question_id: str, asked: str) -> list[dict[str, object]]:
    async with connect_socket(
        f"{_address(house, question_id)}?{asked}", additional_headers={CALLER: "ada"}, max_size=None
    ) as opened:
        return [orjson.loads(message) async for message in opened]


def _address(house: House, question_id: str) -> str:
    base = str(house.client.base_url).replace("http://", "ws://").rstrip("/")
    return f"{base}/api/questions/{question_id}/events/socket"


async def test_a_viewer_that_does_not_read_is_dropped_and_may_join_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_STALLED_S", 0.3)
    house.script.release("people")
    async with house.worker():
        # More than sockets and servers buffer.
        question_id = await house.ask(80_000, width=250)
        writer = await _lazy_viewer(house, question_id)
        while house.gateway.hub.viewers == 0:
            await asyncio.sleep(0.01)
        while house.gateway.hub.viewers:
            await asyncio.sleep(0.05)
        writer.transport.abort()
        rest = await watched(house.client, question_id, offset=80)
        assert [seen.offset for seen in rest] == list(range(80, 87))


async def test_viewers_that_go_away_leave_nothing_behind(house: House) -> None:
    async with house.worker():
        question_id = await house.ask()
        await house.script.until_asked("people")
        for _ in range(3):
            seen = await asyncio.gather(*(watched(house.client, question_id, most=2) for _ in range(20)))
            assert all(each == seen[0] for each in seen)
        while house.gateway.hub.viewers or house.gateway.hub.followed:
            await asyncio.sleep(0.1)
        figures = (await house.client.get("/metrics", headers={CALLER: "admin"})).text
        assert "holdfast_viewers 0.0" in figures
        house.script.release("people")
        assert (await watched(house.client, question_id))[-1].type == "FINAL-RESULT"


async def test_many_viewers_cost_a_question_no_more_updates_than_one(house: House) -> None:
    async with house.worker():
        question_id = await house.ask()
        watching = [asyncio.create_task(watched(house.client, question_id)) for _ in range(100)]
        await house.script.until_asked("people")
        house.script.release("people")
        seen = await asyncio.gather(*watching)
        assert all(each == seen[0] for each in seen)
        history = await house.temporal.get_workflow_handle(question_id).fetch_history()
        updates = [
            event for event in history.events if event.HasField("workflow_execution_update_accepted_event_attributes")
        ]
        assert len(updates) <= len(seen[0])


async def test_a_gateway_that_ends_sends_its_viewers_away_and_another_one_serves_them_on(house: House) -> None:
    gateway = Gateway(house.gateway.connection, house.access, house.gateway.artifacts)
    port = free_port()
    config = uvicorn.Config(create_app(gateway, max_body_bytes=1 << 20), host=LOOPBACK, port=port, log_config=None)
    server = Server(config, gateway)
    async with (
        house.worker(),
        httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}", headers={CALLER: "ada"}) as client,
    ):
        question_id = await house.ask()
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        watching = asyncio.create_task(watched(client, question_id))
        await house.script.until_asked("people")
        while not gateway.hub.viewers:
            await asyncio.sleep(0.01)
        server.should_exit = True
        await serving
        first = await watching
        house.script.release("people")
        rest = await watched(house.client, question_id, offset=len(first))
        assert _places([*first, *rest]) == list(enumerate([*RUN, "FINAL-RESULT"]))


async def _lazy_viewer(house: House, question_id: str) -> asyncio.StreamWriter:
    """A viewer that asks and never reads, with a small window."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    sock.setblocking(False)
    url = house.client.base_url
    await asyncio.get_running_loop().sock_connect(sock, (url.host, url.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1_024)
    request = (
        f"GET /api/questions/{question_id}/events HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n{CALLER}: ada\r\n\r\n"
    )
    writer.write(request.encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    return writer
