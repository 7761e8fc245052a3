"""Retry and rerun over HTTP: who may, once for one key, in the audit record, and refused with the reasons."""

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
from tests.workflows.fakes import ScriptedActivities, planned, refusal, step
from workflows.query import QueryWorkflow


@pytest.fixture
def access() -> NamedCallers:
    return NamedCallers()


@pytest.fixture
def script() -> ScriptedActivities:
    return ScriptedActivities(planned(step("people"), step("groups", "people")), {"groups": refusal("no")})


@pytest.fixture
async def client(
    temporal_client: Client, access: NamedCallers, script: ScriptedActivities, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    connection = Connection(temporal_client, load_settings(data_dir=tmp_path), None)
    worker = Worker(temporal_client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all())
    async with worker, serving(connection, tmp_path / "artifacts", access) as client:
        yield client


async def ended(client: httpx.AsyncClient, question_id: str) -> str:
    """The state in which it ends."""
    while True:
        seen = (await client.get(f"/api/questions/{question_id}")).json()
        if seen["closed"] is not None:
            return str(seen["state"])
        await asyncio.sleep(0.05)


async def failed(client: httpx.AsyncClient) -> str:
    asked = (await client.post("/api/questions", json={"text": "Who is locked out?"})).json()
    assert await ended(client, asked["id"]) == "FAILED"
    return str(asked["id"])


async def test_a_retry_is_a_new_question_of_the_caller_that_refers_to_the_old_one(
    client: httpx.AsyncClient, access: NamedCallers, script: ScriptedActivities
) -> None:
    question_id = await failed(client)
    script.rows["groups"] = 2
    again = await client.post(f"/api/questions/{question_id}/retry", headers={CALLER: "admin"})
    made = again.json()
    assert again.status_code == 201
    assert again.headers["location"] == f"/api/questions/{made['id']}"
    assert made["asker"] == "admin"
    assert (made["origin"]["kind"], made["origin"]["question_id"]) == ("retry", question_id)
    assert ("admin", "retry", question_id, {}) in access.recorded
    assert ("admin", "ask", made["id"], {"of": question_id}) in access.recorded
    client.headers[CALLER] = "admin"
    assert await ended(client, made["id"]) == "COMPLETED"
    assert script.asked["people"] == 1


async def test_one_key_starts_one_retry(client: httpx.AsyncClient, access: NamedCallers) -> None:
    question_id, key = await failed(client), {"Idempotency-Key": f"key-{uuid4()}"}
    first = await client.post(f"/api/questions/{question_id}/retry", headers=key)
    same = await client.post(f"/api/questions/{question_id}/retry", headers=key)
    other = await client.post(f"/api/questions/{question_id}/rerun", headers=key, json={"from_step": "people"})
    assert (first.status_code, same.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["id"] == same.json()["id"]
    assert access.recorded.count(("ada", "ask", first.json()["id"], {"of": question_id})) == 1
    await ended(client, first.json()["id"])


async def test_a_rerun_records_what_was_changed(
    client: httpx.AsyncClient, access: NamedCallers, script: ScriptedActivities
) -> None:
    question_id = await failed(client)
    script.rows["groups"] = 2
    changes = {"from_step": "groups", "query": "RETURN 1 AS one"}
    again = await client.post(f"/api/questions/{question_id}/rerun", json=changes)
    assert again.status_code == 201
    assert again.json()["origin"] == {
        "kind": "rerun",
        "question_id": question_id,
        "from_step": "groups",
        "edited": "query",
    }
    assert await ended(client, again.json()["id"]) == "COMPLETED"
    assert ("ada", "rerun", question_id, {"changes": changes}) in access.recorded
    assert ("ada", "ask", again.json()["id"], {"of": question_id}) in access.recorded
    assert script.requests["groups"].edited is not None
    assert script.requests["groups"].edited.author == "ada, who edited it"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"from_step": "nowhere"}, "its steps are: people, groups"),
        ({}, "from which step"),
        ({"from_step": "people", "program": "result = []"}, "its query can be edited"),
        ({"from_step": "people", "surprise": 1}, "surprise"),
        ({"plan": {"steps": [], "reasoning": "r", "confidence": 1}}, "at least 1"),
        ({"presentation": {"source": "people", "summary": "x", "more": 1}}, "more"),
    ],
)
async def test_what_cannot_run_again_is_a_problem_with_the_reason(
    changes: dict[str, object], words: str, client: httpx.AsyncClient
) -> None:
    told = await client.post(f"/api/questions/{await failed(client)}/rerun", json=changes)
    assert told.status_code == 422
    assert words in told.json()["detail"]


async def test_a_question_that_did_not_fail_is_a_conflict_that_names_its_state(
    client: httpx.AsyncClient, script: ScriptedActivities
) -> None:
    script.rows["groups"] = 1
    asked = (await client.post("/api/questions", json={"text": "Who is locked out?"})).json()
    await ended(client, asked["id"])
    told = await client.post(f"/api/questions/{asked['id']}/retry")
    assert told.status_code == 409
    assert "COMPLETED" in told.json()["detail"]


@pytest.mark.parametrize("what", ["retry", "rerun"])
async def test_nobody_runs_anothers_question_again(what: str, client: httpx.AsyncClient, access: NamedCallers) -> None:
    question_id = await failed(client)
    path, body = f"/api/questions/{question_id}/{what}", {"from_step": "people"} if what == "rerun" else None
    stranger = await client.post(path, json=body, headers={CALLER: "bob"})
    access.shared.add((question_id, "bob"))
    viewer = await client.post(path, json=body, headers={CALLER: "bob"})
    assert (stranger.status_code, viewer.status_code) == (404, 403)
