"""The gateway does what its OpenAPI document says: asked with whatever that allows, and with more, by everybody."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import polars as pl
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from holdfast.access_settings import AccessSettings
from holdfast.answer import FormattedAnswer, Header
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import TASK_QUEUE, FormatRequest
from holdfast.settings import load_settings
from starter.access.callers import Role
from starter.access.keys import NewKey
from starter.access.secret_texts import new_id
from starter.access.stored import StoredAccess, open_access
from starter.connection import Connection
from starter.gateway.app import create_app
from starter.gateway.gateway import Gateway
from starter.gateway.problems import MEDIA_TYPE
from tests.gateways import serving_app
from tests.workflows.fakes import NO_EFFORT, ScriptedActivities, planned, step
from workflows.query import QueryWorkflow

# Of each operation, as data that fits and as data that does not. Enough that every parameter is tried.
_EXAMPLES = 15
# They answer as long as a question runs; tests/integration/test_gateway_events.py reads them.
_STREAMS = {"events_events", "hybrid_stream"}
_CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]

Operation = APIOperation[Any, Any, Any, Any]


@dataclass
class Served:
    """A gateway, its document, a key for each role, and questions to call it with."""

    base_url: str
    document: dict[str, Any]
    keys: dict[str | None, dict[str, str]]
    question_ids: list[str]


class KeepingActivities(ScriptedActivities):
    """They write the rows that they tell of."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        super().__init__(planned(step("people")))
        self._artifacts = artifacts

    @activity.defn(name="format_answer")
    async def format_answer(self, request: FormatRequest) -> FormattedAnswer:
        return FormattedAnswer(
            display_type="table",
            headers=(Header(text="Id", value="id"), Header(text="Groups", value="groups")),
            rows=self._artifacts.write(
                f"{request.correlation_id}/answer", pl.DataFrame({"id": ["u0", "u1"], "groups": [["Team"], []]})
            ),
            summary="rows",
            total_items=2,
            processing_method="script",
            effort=NO_EFFORT,
        )


async def _key(access: StoredAccess, role: Role) -> dict[str, str]:
    _, text = await access.keys.create(NewKey(role.value, "a test", frozenset({role})), "root", new_id())
    return {"Authorization": f"Bearer {text}"}


async def _ask(client: httpx.AsyncClient, text: str, **more: Any) -> str:
    asked = await client.post("/api/questions", json={"text": text, **more})
    assert asked.status_code == 201, asked.text
    question_id: str = asked.json()["id"]
    return question_id


@pytest.fixture(scope="module")
async def served(temporal_client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("openapi")
    plenty = AccessSettings(requests_per_minute=10**6, questions_per_minute=10**6, failures_per_minute=10**6)
    of_test = load_settings(data_dir=folder, access=plenty)
    access = open_access(of_test)
    artifacts = ArtifactStore(folder / "artifacts")
    app = create_app(Gateway(Connection(temporal_client, of_test, None), access, artifacts), max_body_bytes=1 << 20)
    script = KeepingActivities(artifacts)
    worker = Worker(temporal_client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all())
    async with worker, serving_app(app) as client:
        keys: dict[str | None, dict[str, str]] = {role.value: await _key(access, role) for role in Role}
        client.headers.update(keys[Role.ADMINISTRATOR])
        ended = await _ask(client, "Who is locked out?")
        waiting = await _ask(client, "Who is locked out?", approve_plan=True)
        while (await client.get(f"/api/questions/{ended}/answer")).status_code != 200:
            await asyncio.sleep(0.05)
        yield Served(str(client.base_url), app.openapi(), {**keys, None: {}}, [ended, waiting])
        for key in keys.values():
            await _end_all(client, key)
    access.close()


async def _end_all(client: httpx.AsyncClient, key: dict[str, str]) -> None:
    """A worker that ends leaves nothing open."""
    while True:
        listed = (await client.get("/api/questions", params={"limit": 200}, headers=key)).json()["questions"]
        running = [each["id"] for each in listed if each["closed"] is None]
        if not running:
            return
        for question_id in running:
            await client.post(f"/api/questions/{question_id}/cancel")
        await asyncio.sleep(0.2)


def _operations(document: dict[str, Any]) -> dict[str, Operation]:
    schema = schemathesis.openapi.from_dict(document)
    found = {}
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        found[operation.definition.raw["operationId"]] = operation
    return found


async def test_every_operation_answers_as_the_document_says(served: Served) -> None:
    operations = _operations(served.document)
    assert len(operations) > 40
    troubles = []
    for name, operation in operations.items():
        if name not in _STREAMS:
            # In a thread: the gateway is served by this loop.
            troubles += await asyncio.to_thread(_tried, served, operation)
    assert not troubles, "\n\n".join(troubles)


async def test_streams_answer_as_the_document_says(served: Served) -> None:
    operations = _operations(served.document)
    ended = served.question_ids[0]
    asked = {"question": "Who is locked out?"}
    async with httpx.AsyncClient(base_url=served.base_url, headers=served.keys["administrator"], timeout=30) as client:
        told = {
            "events_events": await client.get(f"/api/questions/{ended}/events"),
            "hybrid_stream": await client.post("/api/realtime/hybrid/stream", json=asked),
        }
        refused = {
            "events_events": await client.get(f"/api/questions/{ended}/events?offset=-1"),
            "hybrid_stream": await client.post("/api/realtime/hybrid/stream", json={}),
        }
    for name, answer in told.items():
        described = operations[name].definition.raw["responses"]["200"]["content"]
        assert answer.headers["content-type"].partition(";")[0] in described
        assert answer.text.count("event: FINAL-RESULT") == 1
    for name, answer in refused.items():
        described = operations[name].definition.raw["responses"][str(answer.status_code)]["content"]
        assert answer.headers["content-type"] in described


async def test_files_are_what_the_document_says(served: Served) -> None:
    export = _operations(served.document)["exports_export"]
    given = set()
    for file_format in ("csv", "json", "parquet", "xlsx"):
        case = export.Case(path_parameters={"question_id": served.question_ids[0]}, query={"format": file_format})
        told = await asyncio.to_thread(case.call, served.base_url, headers=served.keys["administrator"])
        assert told.status_code == 200
        case.validate_response(told, checks=_CHECKS)
        given.add(told.headers["content-type"][0])
    # Nothing else is promised.
    assert given == set(export.definition.raw["responses"]["200"]["content"])


async def test_the_document_is_what_a_client_is_generated_from(served: Served) -> None:
    operations = [
        (path, method, operation)
        for path, methods in served.document["paths"].items()
        for method, operation in methods.items()
    ]
    ids = [operation["operationId"] for _, _, operation in operations]
    tags = {tag["name"] for tag in served.document["tags"]}
    assert len(set(ids)) == len(ids)
    assert all(each.isidentifier() for each in ids)
    assert served.document["security"] == [{"bearer": []}, {"session": []}]
    assert set(served.document["components"]["securitySchemes"]) == {"bearer", "session"}
    for path, method, operation in operations:
        assert len(operation["tags"]) == 1
        assert set(operation["tags"]) <= tags
        assert operation["description"], path
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert set(response["content"]) == {MEDIA_TYPE}, (path, method, status)
            elif int(status) != 204:
                assert response["content"], (path, method, status)
    open_ones = {path for path, _, operation in operations if operation.get("security") == []}
    assert open_ones == {"/healthz", "/readyz", "/api/session"}


def _tried(served: Served, operation: Operation) -> list[str]:
    """What is wrong with its answers."""
    troubles: list[str] = []
    # Most is refused to everybody but an administrator.
    whose = st.sampled_from([*[Role.ADMINISTRATOR.value] * 4, *served.keys])
    fits = operation.as_strategy(GenerationMode.POSITIVE)
    fits_not = operation.as_strategy(GenerationMode.NEGATIVE)
    questions = st.sampled_from([*served.question_ids, *served.question_ids, None])

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize="CI" in os.environ,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=fits | fits_not, who=whose, question_id=questions)
    def attempt(case: Case[Any], who: str | None, question_id: str | None) -> None:
        if question_id is not None and "question_id" in (case.path_parameters or {}):
            case.path_parameters["question_id"] = question_id
        answer = case.call(base_url=served.base_url, headers=served.keys[who])
        if answer.status_code >= 500 and answer.status_code != 503:
            troubles.append(_told(case, answer))
            return
        try:
            case.validate_response(answer, checks=_CHECKS)
        except (AssertionError, FailureGroup) as error:
            troubles.append(f"{_told(case, answer)}\n{str(error)[:500]}")

    attempt()
    return troubles[:3]


def _told(case: Case[Any], answer: Response) -> str:
    return f"{case.as_curl_command()[:1000]}\n→ {answer.status_code} {answer.content[:500]!r}"
