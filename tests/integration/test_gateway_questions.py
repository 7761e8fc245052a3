"""Questions over HTTP, on the real server, with scripted activities behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from holdfast.contracts import TASK_QUEUE
from holdfast.settings import load_settings
from starter.connection import Connection
from tests.gateways import CALLER, NamedCallers, serving
from tests.workflows.fakes import ScriptedActivities, planned, step
from workflows.query import QueryWorkflow


@pytest.fixture(scope="module")
def access() -> NamedCallers:
    return NamedCallers()


@pytest.fixture(scope="module")
async def client(
    temporal_client: Client, access: NamedCallers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    script = ScriptedActivities(planned(step("people")))
    connection = Connection(temporal_client, load_settings(data_dir=folder), None)
    worker = Worker(temporal_client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all())
    async with worker, serving(connection, folder / "artifacts", access) as client:
        yield client


async def test_a_question_is_started_once_for_one_idempotency_key(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    first = await client.post("/api/questions", json={"text": "Who is locked out?"}, headers=key)
    again = await client.post("/api/questions", json={"text": "Who is locked out?"}, headers=key)
    other = await client.post("/api/questions", json={"text": "Who left?"}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["id"] in other.json()["detail"]


async def test_a_key_of_one_asker_is_another_key_for_another(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    adas = await client.post("/api/questions", json={"text": "Who is locked out?"}, headers=key)
    bobs = await client.post("/api/questions", json={"text": "Who is locked out?"}, headers={**key, CALLER: "bob"})
    assert adas.json()["id"] != bobs.json()["id"]


async def test_a_stranger_is_told_that_there_is_no_such_question(client: httpx.AsyncClient) -> None:
    mine = (await client.post("/api/questions", json={"text": "Who is locked out?"})).json()
    theirs = await client.get(f"/api/questions/{mine['id']}", headers={CALLER: "bob"})
    nobodys = await client.get("/api/questions/q-nothing", headers={CALLER: "bob"})
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["type"] == nobodys.json()["type"]


async def test_whoever_it_was_shared_with_sees_a_question(client: httpx.AsyncClient, access: NamedCallers) -> None:
    mine = (await client.post("/api/questions", json={"text": "Who is locked out?"})).json()
    access.shared.add((mine["id"], "bob"))
    theirs = await client.get(f"/api/questions/{mine['id']}", headers={CALLER: "bob"})
    assert theirs.json()["text"] == "Who is locked out?"


async def test_an_error_is_a_problem_with_an_id_and_no_trace(client: httpx.AsyncClient) -> None:
    empty = await client.post("/api/questions", json={"text": "   "})
    unnamed = await client.get("/api/questions", headers={CALLER: ""})
    assert empty.status_code == 422
    assert empty.headers["content-type"] == "application/problem+json"
    assert empty.json()["correlation_id"] == empty.headers["x-request-id"]
    assert "Traceback" not in empty.text
    assert unnamed.status_code == 401
    assert "www-authenticate" in unnamed.headers


async def test_a_body_that_is_not_json_is_said_to_be_none(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    sent = await client.post("/api/questions", content=b'{"text": who}', headers=headers)
    assert sent.status_code == 422
    assert sent.json()["detail"] == "The body is not JSON: it goes wrong at character 9."


async def test_everybody_lists_what_is_theirs_to_see(client: httpx.AsyncClient, access: NamedCallers) -> None:
    text = f"Who is in group {uuid4()}?"
    mine = (await client.post("/api/questions", json={"text": text})).json()["id"]

    async def listed(caller: str, which: str) -> list[str] | int:
        answer = await client.get(f"/api/questions?which={which}&text={text}", headers={CALLER: caller})
        return [each["id"] for each in answer.json()["questions"]] if answer.is_success else answer.status_code

    # Temporal lists what was started a moment ago a moment later.
    while await listed("ada", "mine") != [mine]:
        await asyncio.sleep(0.05)
    assert await listed("bob", "mine") == []
    assert await listed("bob", "everybodys") == 403
    assert await listed("ada", "waiting") == 403
    assert await listed("admin", "everybodys") == [mine]
    access.shared.add((mine, "bob"))
    assert await listed("bob", "shared") == [mine]
