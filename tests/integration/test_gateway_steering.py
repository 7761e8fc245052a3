"""Pausing, ending, deciding and syncing over HTTP, on the real server, with scripted activities behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


@asynccontextmanager
async def gateway(
    temporal: Client, folder: Path, script: ScriptedActivities, access: NamedCallers | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    connection = Connection(temporal, load_settings(data_dir=folder), None)
    worker = Worker(temporal, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all())
    async with worker, serving(connection, folder / "artifacts", access) as client:
        yield client


async def asked(client: httpx.AsyncClient, text: str = "Who is locked out?") -> str:
    question_id: str = (await client.post("/api/questions", json={"text": text})).json()["id"]
    return question_id


async def until(client: httpx.AsyncClient, question_id: str, state: str) -> None:
    while (await client.get(f"/api/questions/{question_id}")).json()["state"] != state:
        await asyncio.sleep(0.05)


async def test_a_plan_that_waits_is_approved_and_the_answer_is_read(temporal_client: Client, tmp_path: Path) -> None:
    access = NamedCallers()
    script = ScriptedActivities(planned(step("people"), approval="Every plan is reviewed here."))
    async with gateway(temporal_client, tmp_path, script, access) as client:
        question_id = await asked(client)
        await until(client, question_id, "BLOCKED")
        progress = (await client.get(f"/api/questions/{question_id}/progress")).json()
        early = await client.get(f"/api/questions/{question_id}/answer")
        approved = await client.post(
            f"/api/questions/{question_id}/reviews", json={"decision": "approve", "comment": "as agreed"}
        )
        again = await client.post(f"/api/questions/{question_id}/reviews", json={"decision": "approve"})
        await until(client, question_id, "COMPLETED")
        answer = (await client.get(f"/api/questions/{question_id}/answer")).json()
    assert progress["waiting"][0]["reason"] == "Every plan is reviewed here."
    assert (early.status_code, approved.status_code, again.status_code) == (409, 201, 409)
    assert answer["outcome"] == "answered"
    assert ("ada", "review", question_id, {"decision": "approve", "comment": "as agreed"}) in access.recorded


async def test_a_transition_that_is_not_allowed_names_both_states(temporal_client: Client, tmp_path: Path) -> None:
    script = ScriptedActivities(planned(step("people")))
    async with gateway(temporal_client, tmp_path, script) as client:
        question_id = await asked(client)
        await until(client, question_id, "COMPLETED")
        refused = await client.post(f"/api/questions/{question_id}/pause")
    assert refused.status_code == 409
    assert "COMPLETED" in refused.json()["detail"]
    assert "PAUSED" in refused.json()["detail"]


async def test_an_edited_plan_that_cannot_run_is_refused_with_every_reason(
    temporal_client: Client, tmp_path: Path
) -> None:
    script = ScriptedActivities(planned(step("people"), approval="Every plan is reviewed here."))
    async with gateway(temporal_client, tmp_path, script) as client:
        question_id = await asked(client)
        await until(client, question_id, "BLOCKED")
        bad = await client.post(
            f"/api/questions/{question_id}/reviews", json={"decision": "edit", "plan": {"steps": [], "confidence": 2}}
        )
        await client.post(f"/api/questions/{question_id}/cancel")
        await until(client, question_id, "CANCELLED")
    assert bad.status_code == 422
    assert "confidence" in bad.json()["detail"]
    assert "steps" in bad.json()["detail"]


@pytest.mark.parametrize(
    "plan",
    [
        rb'{"\ud800": "\udfff"}',
        b'{"confidence": NaN, "steps": Infinity}',
        rb'{"steps": [{"id": "\ud800", "kind": "cypher"}]}',
        b'{"steps": ' + b"[" * 400 + b"]" * 400 + b"}",
        b'{"steps": [' + b'{"id": "a"},' * 3_000 + b'{"id": "a"}]}',
        b'{"confidence": 1' + b"0" * 4_000 + b"}",
    ],
)
async def test_a_plan_that_is_no_plan_at_all_is_refused(temporal_client: Client, tmp_path: Path, plan: bytes) -> None:
    script = ScriptedActivities(planned(step("people"), approval="Every plan is reviewed here."))
    async with gateway(temporal_client, tmp_path, script) as client:
        question_id = await asked(client)
        await until(client, question_id, "BLOCKED")
        refused = await client.post(
            f"/api/questions/{question_id}/reviews",
            content=b'{"decision": "edit", "plan": %s}' % plan,
            headers={"Content-Type": "application/json"},
        )
        rerun = await client.post(
            f"/api/questions/{question_id}/rerun",
            content=b'{"plan": %s}' % plan,
            headers={"Content-Type": "application/json"},
        )
        await client.post(f"/api/questions/{question_id}/cancel")
        await until(client, question_id, "CANCELLED")
    assert (refused.status_code, rerun.status_code) == (422, 422)
    assert len(refused.content) < 20_000
    assert len(rerun.content) < 20_000


async def test_a_reviewer_sees_what_waits_and_nothing_else(temporal_client: Client, tmp_path: Path) -> None:
    script = ScriptedActivities(planned(step("people"), approval="Every plan is reviewed here."))
    async with gateway(temporal_client, tmp_path, script) as client:
        question_id = await asked(client)
        rhea = {CALLER: "rhea"}
        await until(client, question_id, "BLOCKED")
        waiting = await client.get(f"/api/questions/{question_id}/progress", headers=rhea)
        steered = await client.post(f"/api/questions/{question_id}/cancel", headers=rhea)
        strangers = await client.get(f"/api/questions/{question_id}/progress", headers={CALLER: "bob"})
        await client.post(f"/api/questions/{question_id}/cancel")
        await until(client, question_id, "CANCELLED")
        ended = await client.get(f"/api/questions/{question_id}/progress", headers=rhea)
    assert (waiting.status_code, steered.status_code, strangers.status_code, ended.status_code) == (200, 403, 404, 404)


async def test_only_who_may_starts_a_sync_and_its_end_is_told(temporal_client: Client, tmp_path: Path) -> None:
    async with gateway(temporal_client, tmp_path, ScriptedActivities(planned(step("people")))) as client:
        refused = await client.post("/api/syncs", json={"mode": "full"})
        wrong = await client.post("/api/syncs", json={"mode": "half"}, headers={CALLER: "admin"})
        past = await client.get("/api/syncs")
    assert (refused.status_code, wrong.status_code) == (403, 422)
    assert past.json() == {"syncs": []}


async def test_the_figures_count_routes_and_not_paths(temporal_client: Client, tmp_path: Path) -> None:
    async with gateway(temporal_client, tmp_path, ScriptedActivities(planned(step("people")))) as client:
        question_id = await asked(client)
        await client.get(f"/api/questions/{question_id}")
        figures = (await client.get("/metrics", headers={CALLER: "admin"})).text
        refused = await client.get("/metrics")
    assert 'route="/api/questions/{question_id}",status="200"' in figures
    assert question_id not in figures
    assert refused.status_code == 403


async def test_a_saved_question_is_scheduled_run_and_removed(temporal_client: Client, tmp_path: Path) -> None:
    name = f"people-{uuid4().hex[:8]}"
    async with gateway(temporal_client, tmp_path, ScriptedActivities(planned(step("people")))) as client:
        body = {"text": "Who is locked out?", "times": {"every": "30d"}}
        saved = await client.put(f"/api/schedules/{name}", json=body)
        wrong = await client.put("/api/schedules/other", json={**body, "times": {"every": "sometimes"}})
        strangers = await client.get(f"/api/schedules/{name}/runs", headers={CALLER: "bob"})
        runs = await client.get(f"/api/schedules/{name}/runs")
        paused = await client.post(f"/api/schedules/{name}/pause")
        sync = await client.post("/api/schedules/sync/run")
        removed = await client.delete(f"/api/schedules/{name}")
        gone = await client.get(f"/api/schedules/{name}/runs")
    assert (saved.status_code, saved.json()["when"]) == (201, "every 30d")
    assert (wrong.status_code, strangers.status_code, runs.json()) == (422, 404, {"runs": []})
    assert paused.json()["is_paused"] is True
    assert sync.status_code == 403
    assert (removed.status_code, gone.status_code) == (204, 404)
