"""Live questions from text to table, with models at work: Temporal, sandbox, journal and a served tenant are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from evaluation.tenant import DemoTenant, demo_tenant
from holdfast.answer import Answer, Outcome
from holdfast.api_settings import ApiSettings
from holdfast.contracts import Decision, Review
from holdfast.demo import FaultOptions, TenantOptions, running
from holdfast.execution import State
from holdfast.sandbox.pool import Sandbox
from tests.api_steps import Asked
from tests.demo_asker import UNLIMITED, asking
from tests.integration.live_models import (
    LivePlace,
    answer_of,
    asked,
    graph_pool,
    plan,
    program,
    reading,
    recipe,
    script,
    step,
)
from tests.integration.scripted_models import blocks
from tests.model_servers import MODELS, ModelServer, model_server
from workflows.query import QueryWorkflow

PHISHABLE = "Which members of Finance have no phishing-resistant factor?"
PEOPLE = {
    "explanation": "Members of the group.",
    "query": "MATCH (u:User)-[:MEMBER_OF]->(g:Group) WHERE g.name = 'Finance' "
    "RETURN u.id AS user_id, u.login AS login ORDER BY login",
}
FACTORS = program(
    """
import asyncio

people = await load("people")


async def one(person):
    factors, reason = await attempt(list_user_factors(person["user_id"], fields=("id", "factorType")))
    kinds = None if factors is None else sorted({factor.get("factorType", "") for factor in factors})
    return {"user_id": person["user_id"], "kinds": kinds, "unread": reason}


result = list(await asyncio.gather(*[one(person) for person in people]))
""",
    "user_id:text",
    "kinds:list",
    "unread:text",
)
WITHOUT = {
    "explanation": "Those among whose factors neither is.",
    "query": "SELECT p.user_id, p.login, f.unread, CASE WHEN f.unread IS NULL THEN 'yes' ELSE 'unknown' END AS fits "
    "FROM people AS p JOIN factors AS f ON f.user_id = p.user_id WHERE f.unread IS NOT NULL OR "
    "NOT (list_contains(f.kinds, 'webauthn') OR list_contains(f.kinds, 'signed_nonce')) ORDER BY p.login",
}
HYBRID: dict[str, Any] = {
    "preplanner": reading(PHISHABLE),
    "planner": plan(
        "Members of Finance without a phishing-resistant factor.",
        step("people", "cypher", "user", "Members of the group Finance, user_id and login."),
        step("factors", "api", "user factor", "The factor types of each of these people.", "people"),
        step("without", "sql", "user", "People with neither webauthn nor signed_nonce.", "people", "factors"),
    ),
    "cypher_writer": PEOPLE,
    "program_writer": FACTORS,
    "sql_writer": WITHOUT,
    "formatter": recipe("without", "login", "fits", "unread", summary="{rows:person has|people have} none."),
}

TOKENS = "Which API tokens are there?"
LISTING = program(
    """
tokens = await list_api_tokens(fields=("id", "name", "userId", "lastUpdated"))
rows = [{"token_id": token["id"], "name": token.get("name"), "user_id": token.get("userId")} for token in tokens]
result = sorted(rows, key=lambda row: (row["name"] or "", row["token_id"]))
""",
    "token_id:text",
    "name:text",
    "user_id:text",
)
DIRECT: dict[str, Any] = {
    "preplanner": reading(TOKENS),
    "planner": plan("Every API token.", step("tokens", "api", "api token", "Every API token with its name and owner.")),
    "program_writer": LISTING,
    "formatter": recipe("tokens", "token_id", "name", "user_id", summary="{rows:token|tokens}."),
}

FAILURES = "Who failed to sign in most often this week?"
SINCE, UNTIL = "2026-11-13T00:00:00Z", "2026-11-20T15:00:00Z"
FAILED_FILTER = 'eventType eq "user.session.start" and outcome.result eq "FAILURE"'
EVENTS = program(
    f"""
result = []
cursor = None
while True:
    events, cursor = await list_log_events_page(
        cursor, since="{SINCE}", until="{UNTIL}", filter='{FAILED_FILTER}',
        fields=("uuid", "published", "actor.id", "actor.alternateId"),
    )
    for event in events:
        actor = event.get("actor") or {{}}
        result.append({{
            "event_id": event["uuid"], "user_id": actor.get("id"), "login": actor.get("alternateId"),
            "published": event["published"],
        }})
    if cursor is None:
        break
""",
    "event_id:text",
    "user_id:text",
    "login:text",
    "published:time",
)
LOGGED: dict[str, Any] = {
    "preplanner": reading(FAILURES),
    "planner": plan(
        "Failed sign-ins of this week by person.",
        step("events", "api", "failed sign-in event", f"Failed sign-ins from {SINCE} to {UNTIL}."),
        step("counts", "sql", "user", "Failures for each person, most first.", "events"),
    ),
    "program_writer": EVENTS,
    "sql_writer": {
        "explanation": "Counted by person.",
        "query": "SELECT user_id, login, count(*) AS event_count FROM events GROUP BY user_id, login "
        "ORDER BY event_count DESC, login",
    },
    "formatter": recipe("counts", "login", "event_count"),
}

ACCESS = "Can Dana open Salesforce?"


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> DemoTenant:
    return demo_tenant(7, 300, tmp_path_factory.mktemp("tenant"))


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
async def shared(
    temporal_client: Client, tenant: DemoTenant, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LivePlace]:
    pool = graph_pool(tenant.directory)
    async with running(tenant.company, TenantOptions(rate_limits=UNLIMITED)) as served:
        yield LivePlace(tenant, served.url, pool, sandbox, temporal_client, tmp_path_factory.mktemp("live"))
    await pool.close()


@pytest.fixture
def place(shared: LivePlace, tmp_path: Path) -> LivePlace:
    return replace(shared, folder=tmp_path, queue=f"live-{tmp_path.name}-{id(tmp_path)}")


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


def phishable(tenant: DemoTenant) -> dict[str, str]:
    """Login → whether it is known, from the company itself."""
    company = tenant.company
    [finance] = [group for group, record in company.groups.items() if record["profile"]["name"] == "Finance"]
    found = {}
    for person in company.members[finance]:
        login = company.users[person]["profile"]["login"]
        if person == company.cases.unreadable_factors_user:
            found[login] = "unknown"
        elif not {factor["factorType"] for factor in company.factors(person)} & {"webauthn", "signed_nonce"}:
            found[login] = "yes"
    return found


@pytest.mark.parametrize("provider", MODELS)
async def test_a_question_over_graph_tenant_and_rows_is_answered_by_models_of_each_provider(
    provider: str, place: LivePlace, server: ModelServer
) -> None:
    server.always(script(**HYBRID))
    answer = await place.ask(server.settings(provider), PHISHABLE)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert {row["login"]: row["fits"] for row in place.table(answer)} == phishable(place.tenant)
    assert asked(server.requests) == dict.fromkeys(HYBRID, 1)
    told = [blocks(request) for request in server.requests]
    assert "step people" in told[3]["earlier step"]
    assert "step factors" in told[4]["earlier step"]
    assert _tokens_are_told(answer) == server.tokens
    assert server.tokens <= 16_000


def _tokens_are_told(answer: Answer) -> int:
    """What was read, by the parts' own words; the sum of the answer is theirs."""
    assert answer.planning_effort is not None
    assert answer.formatted is not None
    efforts = [answer.planning_effort, *(s.result.effort for s in answer.steps if s.result), answer.formatted.effort]
    used = [effort.models for effort in efforts if effort.models is not None]
    assert answer.usage is not None
    in_vain = answer.spent_in_vain
    assert answer.usage.tokens == sum(one.tokens for one in used) + (in_vain.tokens if in_vain else 0)
    assert answer.usage.calls == sum(one.calls for one in used) + (in_vain.calls if in_vain else 0)
    return sum(one.input_tokens for one in used) + (in_vain.input_tokens if in_vain else 0)


@pytest.mark.parametrize("provider", MODELS)
async def test_a_question_that_one_program_answers_takes_one_step(
    provider: str, place: LivePlace, server: ModelServer
) -> None:
    server.always(script(**DIRECT))
    answer = await place.ask(server.settings(provider), TOKENS)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    async with asking(place.tenant.company, TenantOptions(rate_limits=UNLIMITED)) as asker:
        truth = (await asker.get("/api/v1/api-tokens")).body
    assert {row["token_id"] for row in place.table(answer)} == {token["id"] for token in truth}
    [found] = answer.steps
    assert found.result is not None
    assert found.result.generated.author.endswith(" with program_writer/v1")
    assert found.result.generated.text == LISTING["code"]
    assert _tokens_are_told(answer) == server.tokens


async def test_events_that_a_program_read_are_counted_by_a_query(place: LivePlace, server: ModelServer) -> None:
    server.always(script(**LOGGED))
    answer = await place.ask(server.settings("openai"), FAILURES)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    async with asking(place.tenant.company, TenantOptions(rate_limits=UNLIMITED)) as asker:
        truth = await asker.all("/api/v1/logs", since=SINCE, until=UNTIL, filter=FAILED_FILTER)
    assert truth
    assert sum(row["event_count"] for row in place.table(answer)) == len(truth)


async def test_a_special_tool_is_called_by_the_json_of_a_plan(place: LivePlace, server: ModelServer) -> None:
    dana = place.tenant.company.users[place.tenant.company.cases.direct_and_two_groups_user]["profile"]["login"]
    call = f'{{"name": "user_app_access", "user": "{dana}", "application": "Salesforce"}}'
    access = step("access", "special", "user", "Whether Dana can open Salesforce.", special=call)
    server.always(
        script(
            preplanner=reading(ACCESS),
            planner=plan("Whether Dana can open Salesforce.", access),
            formatter=recipe("access", "user_id"),
        )
    )
    answer = await place.ask(server.settings("openai"), ACCESS)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert place.table(answer)
    assert set(asked(server.requests)) == {"preplanner", "planner", "formatter"}


BAD = {
    "an unknown coroutine": ("result = await list_everything()", "list_everything"),
    "a field that is not there": ("result = [{'x': t['nme']} for t in await list_api_tokens()]", "has no key `nme`"),
    "a forbidden import": ("import os\nresult = []", "`os` cannot be imported here"),
    "a missing await": ("result = [{'id': t['id']} for t in list_api_tokens()]", "await"),
}


@pytest.mark.parametrize(("code", "reason"), BAD.values(), ids=BAD)
async def test_what_the_checks_find_goes_back_to_the_model_that_wrote_it(
    code: str, reason: str, place: LivePlace, server: ModelServer
) -> None:
    server.always(script(**{**DIRECT, "program_writer": [{**LISTING, "code": code}, LISTING]}))
    answer = await place.ask(server.settings("openai"), TOKENS)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert place.table(answer)
    assert asked(server.requests)["program_writer"] == 2
    told = blocks(server.requests[3])["your program that was refused or failed"]
    assert code in told
    assert reason in told
    assert _tokens_are_told(answer) == server.tokens


@pytest.mark.parametrize("provider", MODELS)
async def test_a_program_that_is_wrong_after_three_repairs_fails_with_the_last_diagnostics_whole(
    provider: str, place: LivePlace, server: ModelServer
) -> None:
    wrong = [{**LISTING, "code": f"import {module}\nresult = open('x')"} for module in ("os", "sys", "ssl", "ctypes")]
    server.always(script(**{**DIRECT, "program_writer": wrong}))
    answer = await place.ask(server.settings(provider), TOKENS)
    assert answer.outcome is Outcome.FAILED
    assert asked(server.requests)["program_writer"] == 4
    assert "Line 1: `ctypes` cannot be imported here" in answer.message
    assert "Line 2: `open` is not available" in answer.message
    assert "ssl" not in answer.message
    assert answer.usage is not None
    assert answer.usage.calls == len(server.requests)


async def test_a_program_that_fails_as_it_runs_is_written_anew_once_with_its_traceback(
    place: LivePlace, server: ModelServer
) -> None:
    failing = {**LISTING, "code": "tokens = await list_api_tokens()\nresult = [{'x': len(tokens) // 0}]"}
    server.always(script(**{**DIRECT, "program_writer": [failing, LISTING]}))
    answer = await place.ask(server.settings("openai"), TOKENS)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    told = blocks(server.requests[3])["your program that was refused or failed"]
    assert "ZeroDivisionError" in told
    assert "line 2" in told
    assert answer.spent_in_vain is not None
    assert _tokens_are_told(answer) == server.tokens


async def test_a_program_that_fails_twice_fails_the_step_with_its_traceback(
    place: LivePlace, server: ModelServer
) -> None:
    failing = {**LISTING, "code": "result = [{'x': 1 // 0}]"}
    server.always(script(**{**DIRECT, "program_writer": failing}))
    answer = await place.ask(server.settings("openai"), TOKENS)
    assert answer.outcome is Outcome.FAILED
    assert "ZeroDivisionError" in answer.message
    assert asked(server.requests)["program_writer"] == 2


async def test_rows_that_are_not_as_promised_go_back_to_the_model(place: LivePlace, server: ModelServer) -> None:
    other = {**LISTING, "code": "result = [{'token': t['id']} for t in await list_api_tokens()]"}
    server.always(script(**{**DIRECT, "program_writer": [other, LISTING]}))
    answer = await place.ask(server.settings("openai"), TOKENS)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert "token_id" in blocks(server.requests[3])["your program that was refused or failed"]


@pytest.mark.parametrize("code", ["import os\nresult = []", "result = [{'x': 1 // 0}]"])
async def test_the_limit_of_tokens_holds_over_repairs(code: str, place: LivePlace, server: ModelServer) -> None:
    """Whether the checks refuse a program or it fails as it runs."""
    server.always(script(**{**DIRECT, "program_writer": {**LISTING, "code": code}}))
    unlimited = await place.ask(server.settings("openai"), TOKENS)
    assert asked(server.requests)["program_writer"] > 1
    assert unlimited.planning_effort is not None
    assert unlimited.planning_effort.models is not None
    server.requests.clear()
    # Enough for a first program, and it uses up what there is.
    limit = unlimited.planning_effort.models.tokens + 1
    answer = await place.ask(server.settings("openai", max_tokens=limit), TOKENS)
    assert answer.outcome is Outcome.FAILED
    assert f"{limit:,} are allowed" in answer.message
    assert asked(server.requests)["program_writer"] == 1
    assert answer.usage is not None
    assert answer.usage.calls == len(server.requests)
    assert answer.usage.input_tokens == server.tokens


async def test_a_program_over_its_budget_waits_for_a_person_and_then_goes_on(
    place: LivePlace, server: ModelServer
) -> None:
    place = replace(place, policy=ApiSettings(calls_each=3))
    server.always(script(**HYBRID))
    async with place.working(server.settings("anthropic")), place.asking(PHISHABLE) as handle:
        while (state := await handle.query(QueryWorkflow.progress)).state is not State.BLOCKED:
            await asyncio.sleep(0.05)
        [waiting] = state.waiting
        assert waiting.calls_wanted is not None
        await handle.execute_update(
            QueryWorkflow.review, Review(decision=Decision.APPROVE, reviewer="grace", step_id="factors")
        )
        answer = await answer_of(handle)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert {row["login"]: row["fits"] for row in place.table(answer)} == phishable(place.tenant)
    assert asked(server.requests)["program_writer"] == 1


@pytest.mark.parametrize("provider", MODELS)
async def test_another_worker_goes_on_with_the_program_that_was_written_without_asking_the_model(
    provider: str, place: LivePlace, server: ModelServer
) -> None:
    server.always(script(**HYBRID))
    log = Asked(place.folder / "requests")
    slow = TenantOptions(
        request_log=place.folder / "requests",
        rate_limits=UNLIMITED,
        faults=FaultOptions(latency=timedelta(milliseconds=100)),
    )
    async with running(place.tenant.company, slow) as served:
        place = replace(place, url=served.url, concurrency=1)
        async with place.asking(PHISHABLE) as handle:
            async with place.working(server.settings(provider)):
                while log.count < 3:
                    await asyncio.sleep(0.01)
            stopped_at = log.count
            async with place.working(server.settings(provider)):
                answer = await answer_of(handle)
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert stopped_at < log.count
    assert set(log.finished().values()) == {1}
    assert {row["login"]: row["fits"] for row in place.table(answer)} == phishable(place.tenant)
    assert asked(server.requests) == dict.fromkeys(HYBRID, 1)
