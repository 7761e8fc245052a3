"""What leaves the house with a request to a model, and what is written down of one that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from holdfast.answer import Generated, ModelUsage, SnapshotRef
from holdfast.contracts import StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.graph.schema import BASE_SCHEMA, GraphSchema
from holdfast.models.calls import Role
from holdfast.models.cypher_writer import WriterWithoutRows
from holdfast.plan import CypherStep
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger
from tests.model_servers import MODELS, Hang, ModelServer, model_server
from tests.model_tasks import asking, counting

_OF_THE_SHELL = {
    "OPENAI_ORG_ID": "of-the-shell",
    "OPENAI_PROJECT_ID": "of-the-shell",
    "OPENAI_CUSTOM_HEADERS": "X-Team: of-the-shell",
    "ANTHROPIC_AUTH_TOKEN": "of-the-shell",
    "ANTHROPIC_CUSTOM_HEADERS": "X-Team: of-the-shell",
    "GOOGLE_API_KEY": "of-the-shell",
    "GOOGLE_CLOUD_PROJECT": "of-the-shell",
}


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


@pytest.mark.parametrize("provider", MODELS)
async def test_nothing_of_the_shell_that_started_the_worker_travels(
    provider: str, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _OF_THE_SHELL.items():
        monkeypatch.setenv(name, value)
    server.will_answer({"number": 1})
    models = server.settings(provider)
    async with asking(models) as calls:
        await calls.ask(Role.REASONING, counting(), Ledger.under(models))
    [request] = server.requests
    assert "of-the-shell" not in f"{dict(request.headers)} {request.text}"
    assert not [name for name in request.headers if name.startswith("x-stainless")]


async def test_a_model_on_this_machine_is_not_asked_by_way_of_a_proxy(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server.will_answer({"number": 1})
    models = server.settings("local")
    async with asking(models) as calls:
        asked = await calls.ask(Role.REASONING, counting(), Ledger.under(models))
    assert asked.output.number == 1


async def test_a_call_is_counted_while_it_runs_and_when_nobody_waits_for_it(server: ModelServer) -> None:
    server.will_answer(Hang())
    models = server.settings("openai")
    ledger = Ledger.under(models)
    async with asking(models) as calls:
        task = asyncio.create_task(calls.ask(Role.REASONING, counting(), ledger))
        while not server.requests:
            await asyncio.sleep(0.01)
        assert ledger.usage is None
        assert ledger.usage_so_far == ModelUsage.unmeasured(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ledger.usage == ledger.usage_so_far == ModelUsage.unmeasured(1)


class _Told:
    def __init__(self) -> None:
        self.reasons: list[str] = []

    async def write(
        self, request: StepRequest, schema: GraphSchema, ledger: Ledger, refused: Sequence[RefusedQuery] = ()
    ) -> Generated:
        self.reasons += [query.reason for query in refused]
        return Generated(language="cypher", text="MATCH …", author="a test")


@pytest.mark.parametrize(
    ("reason", "is_told"),
    [
        ("The query cannot run: Binder exception: Cannot find property x for u.", True),
        ("The query cannot run: Conversion exception: Could not convert ada@acme.com to INT64.", False),
        ("The query cannot run: Runtime exception: 'Binder exception: ada@acme.com' is no date.", False),
    ],
)
async def test_the_engines_complaint_about_a_cell_is_kept_back_with_the_rows(reason: str, is_told: bool) -> None:
    told = _Told()
    request = StepRequest(
        correlation_id="q",
        question="Who?",
        snapshot=SnapshotRef(id="s", synced_at="2026-08-01T00:00:00Z"),
        step=CypherStep(id="people", entity="user", operation="list", query_context="people"),
        earlier=(),
    )
    ledger = Ledger.under(ModelSettings())
    await WriterWithoutRows(told).write(request, BASE_SCHEMA, ledger, [RefusedQuery("MATCH …", reason)])
    assert (told.reasons == [reason]) is is_told
    assert is_told or "ada@acme.com" not in told.reasons[0]
