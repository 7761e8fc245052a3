"""A live step that fails is retried, and the tenant's own log shows that nothing is asked twice; edits are checked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from evaluation.tenant import DemoTenant, demo_tenant
from holdfast.answer import Answer, Outcome
from holdfast.contracts import TASK_QUEUE
from holdfast.demo import FaultOptions, TenantOptions, running
from holdfast.errors import ArtifactMissing, NoSnapshot, PresentationRejected, ProgramRefused, QueryRefused
from holdfast.presentation import Presentation
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import load_settings
from starter import questions, reruns
from starter.changes import Changes
from starter.connection import Connection
from starter.ports import free_port
from tests.api_steps import Asked
from tests.demo_asker import UNLIMITED
from tests.integration.live_models import LivePlace, asked, graph_pool, plan, reading, recipe, script, step
from tests.integration.test_model_live_question import ACCESS, HYBRID, PHISHABLE, phishable
from tests.model_servers import ModelServer, model_server

# One after the other, so that everything before the one that fails is answered; nothing is attempted.
ONE_BY_ONE = HYBRID["program_writer"] | {
    "code": """
people = await load("people")
result = []
for person in people:
    factors = await list_user_factors(person["user_id"], fields=("id", "factorType"))
    kinds = sorted({factor.get("factorType", "") for factor in factors})
    result.append({"user_id": person["user_id"], "kinds": kinds, "unread": None})
"""
}
SCRIPT: dict[str, Any] = {**HYBRID, "program_writer": ONE_BY_ONE}


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> DemoTenant:
    return demo_tenant(7, 300, tmp_path_factory.mktemp("tenant"))


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def place(
    temporal_client: Client, tenant: DemoTenant, sandbox: Sandbox, tmp_path: Path
) -> AsyncIterator[LivePlace]:
    pool = graph_pool(tenant.directory)
    url = f"http://127.0.0.1:{free_port()}"
    yield LivePlace(tenant, url, pool, sandbox, temporal_client, tmp_path, queue=TASK_QUEUE)
    await pool.close()


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        running.always(script(**SCRIPT))
        yield running


@pytest.fixture
def connection(place: LivePlace) -> Connection:
    return Connection(place.client, load_settings(data_dir=place.tenant.directory), None)


def options(place: LivePlace, **faults: Any) -> TenantOptions:
    port = int(place.url.rpartition(":")[2])
    log = place.folder / "requests"
    return TenantOptions(request_log=log, rate_limits=UNLIMITED, port=port, faults=FaultOptions(**faults))


def unreadable(tenant: DemoTenant) -> str:
    """A member of Finance in the middle of them, whose factors the tenant will not tell at first."""
    readable = [login for login, known in phishable(tenant).items() if known == "yes"]
    by_login = {user["profile"]["login"]: user_id for user_id, user in tenant.company.users.items()}
    return by_login[sorted(readable)[len(readable) // 2]]


async def failed(place: LivePlace, server: ModelServer, connection: Connection) -> Answer:
    """A question whose live step failed in the middle of its calls."""
    refusing = options(place, forbidden=(f"/api/v1/users/{unreadable(place.tenant)}/factors",))
    async with running(place.tenant.company, refusing), place.working(server.settings("openai")):
        started, _ = await questions.start(connection, PHISHABLE, asker="ada")
        answer = await questions.answer_of(connection, started.id)
    assert answer.outcome is Outcome.FAILED, answer.message
    return answer


async def again(connection: Connection, place: LivePlace, server: ModelServer, started: Any) -> Answer:
    async with running(place.tenant.company, options(place)), place.working(server.settings("openai")):
        return await questions.answer_of(connection, (await started)[0].id)


async def test_a_failed_live_step_is_retried_and_no_finished_call_is_made_twice(
    place: LivePlace, server: ModelServer, connection: Connection
) -> None:
    first = await failed(place, server, connection)
    log = Asked(place.folder / "requests")
    before = log.finished()
    assert sum(count for path, count in before.items() if "/factors" in path) > 3
    server.requests.clear()
    answer = await again(connection, place, server, reruns.retry(connection, first.correlation_id, asker="ada"))
    assert answer.outcome is Outcome.ANSWERED, answer.message
    refused = f"/api/v1/users/{unreadable(place.tenant)}/factors"
    twice = {path: count for path, count in log.finished().items() if count > 1 and refused not in path}
    assert twice == {}
    assert {row["login"] for row in place.table(answer)} == set(phishable(place.tenant))
    assert asked(server.requests) == {"sql_writer": 1, "formatter": 1}, "the program is the one that was written"
    assert [r.step_id for r in answer.steps if r.reused_from] == ["people"]
    # The old question's rows may go now.
    shutil.rmtree(place.tenant.directory / "artifacts" / first.correlation_id)
    assert place.rows(answer, "people")


async def test_a_worker_that_goes_in_the_middle_of_a_retry_loses_nothing(
    place: LivePlace, server: ModelServer, connection: Connection
) -> None:
    first = await failed(place, server, connection)
    log, slow = Asked(place.folder / "requests"), options(place, latency=timedelta(milliseconds=60))
    one_at_a_time = replace(place, concurrency=1)
    async with running(place.tenant.company, slow):
        before = log.count
        async with one_at_a_time.working(server.settings("openai")):
            retried, _ = await reruns.retry(connection, first.correlation_id, asker="ada")
            while log.count < before + 3:
                await asyncio.sleep(0.01)
        async with one_at_a_time.working(server.settings("openai")):
            answer = await questions.answer_of(connection, retried.id)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    refused = f"/api/v1/users/{unreadable(place.tenant)}/factors"
    assert {path: n for path, n in log.finished().items() if n > 1 and refused not in path} == {}


async def test_a_special_tool_of_a_question_that_was_terminated_goes_on_where_it_was(
    place: LivePlace, server: ModelServer, connection: Connection
) -> None:
    company = place.tenant.company
    dana = company.users[company.cases.direct_and_two_groups_user]["profile"]["login"]
    call = f'{{"name": "user_app_access", "user": "{dana}", "application": "Salesforce"}}'
    access = step("access", "special", "user", "Whether Dana can open Salesforce.", special=call)
    made = plan("Whether Dana can open Salesforce.", access)
    server.always(script(preplanner=reading(ACCESS), planner=made, formatter=recipe("access", "user_id")))
    log, slow = Asked(place.folder / "requests"), options(place, latency=timedelta(milliseconds=150))
    one_at_a_time = replace(place, concurrency=1)
    async with running(company, slow), one_at_a_time.working(server.settings("openai")):
        started, _ = await questions.start(connection, ACCESS, asker="ada")
        while log.count < 3:
            await asyncio.sleep(0.01)
        await connection.client.get_workflow_handle(started.id).terminate("by the operator")
        retried, _ = await reruns.retry(connection, started.id, asker="ada")
        answer = await questions.answer_of(connection, retried.id)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert {path: n for path, n in log.finished().items() if n > 1} == {}
    assert set(asked(server.requests)) == {"preplanner", "planner", "formatter"}


async def test_what_a_person_edits_runs_and_is_theirs_in_the_answer(
    place: LivePlace, server: ModelServer, connection: Connection
) -> None:
    async with running(place.tenant.company, options(place)), place.working(server.settings("openai")):
        server.always(script(**HYBRID))
        started, _ = await questions.start(connection, PHISHABLE, asker="ada")
        first = await questions.answer_of(connection, started.id)
        calls = Asked(place.folder / "requests").count
        fewer = "SELECT user_id, login, unread, 'yes' AS fits FROM people JOIN factors USING (user_id) LIMIT 2"
        queried = await _rerun(connection, first, Changes(from_step="without", query=fewer))
        recipe = {"source": "people", "summary": "{rows:person has|people have} it.", "display_type": "table"}
        laid_out = await _rerun(connection, first, Changes(presentation=Presentation.model_validate(recipe)))
        assert Asked(place.folder / "requests").count == calls, "nothing before the edit is repeated"
        program = 'result = [{"user_id": p["user_id"], "kinds": [], "unread": "x"} for p in await load("people")]'
        programmed = await _rerun(connection, first, Changes(from_step="factors", program=program))
    [mine] = [r.result for r in queried.steps if r.step_id == "without"]
    assert mine is not None
    assert (mine.generated.author, mine.rows.row_count) == ("bob, who edited it", 2)
    assert laid_out.formatted is not None
    assert laid_out.formatted.author == "bob, who edited it"
    assert laid_out.formatted.total_items == len(place.rows(first, "people"))
    assert {r.reused_from for r in laid_out.steps} == {first.correlation_id}
    assert laid_out.usage is None, "no model was asked anything"
    assert {row["unread"] for row in place.rows(programmed, "factors")} == {"x"}


async def _rerun(connection: Connection, first: Answer, changes: Changes) -> Answer:
    started, _ = await reruns.rerun(connection, first.correlation_id, changes, asker="bob")
    answer = await questions.answer_of(connection, started.id)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    return answer


BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a query that writes": (
        {"from_step": "people", "query": "MATCH (u:User) DELETE u RETURN 1 AS one"},
        QueryRefused,
        "DELETE",
    ),
    "a query of a table that is not there": (
        {"from_step": "without", "query": "SELECT * FROM secrets"},
        QueryRefused,
        "secrets",
    ),
    "a program that reads files": (
        {"from_step": "factors", "program": "result = [{'x': open('/etc/passwd')}]"},
        ProgramRefused,
        "open",
    ),
    "a program that names another endpoint": (
        {"from_step": "factors", "program": "result = await deactivate_user('x')"},
        ProgramRefused,
        "deactivate_user",
    ),
    "a layout of a column that is not there": (
        {
            "presentation": {
                "source": "people",
                "summary": "x",
                "operations": [{"op": "rename", "column": "z", "to": "y"}],
            }
        },
        PresentationRejected,
        "z",
    ),
}


@pytest.mark.parametrize(("changes", "error", "words"), BAD.values(), ids=BAD)
async def test_what_a_person_edits_is_refused_before_anything_starts(
    changes: dict[str, Any],
    error: type[Exception],
    words: str,
    place: LivePlace,
    server: ModelServer,
    connection: Connection,
) -> None:
    server.always(script(**HYBRID))
    async with running(place.tenant.company, options(place)), place.working(server.settings("openai")):
        started, _ = await questions.start(connection, PHISHABLE, asker="ada")
        first = await questions.answer_of(connection, started.id)
    with pytest.raises(error, match=words):
        await reruns.rerun(connection, first.correlation_id, Changes.model_validate(changes), asker="bob")


async def test_a_retry_without_its_rows_or_its_snapshot_says_to_ask_again(
    place: LivePlace, server: ModelServer, connection: Connection, tenant: DemoTenant
) -> None:
    first = await failed(place, server, connection)
    rows = tenant.directory / "artifacts" / first.correlation_id
    away = rows.rename(rows.with_name("away"))
    with pytest.raises(ArtifactMissing, match="Ask the question again"):
        await reruns.retry(connection, first.correlation_id, asker="ada")
    away.rename(rows)
    snapshot = tenant.snapshot.directory
    gone = snapshot.rename(snapshot.with_name("gone"))
    try:
        with pytest.raises(NoSnapshot, match="ask the question again"):
            await reruns.retry(connection, first.correlation_id, asker="ada")
    finally:
        gone.rename(snapshot)
