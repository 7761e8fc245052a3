"""Planning and writing by models over the wire formats of their providers: the ordinary way, hostile outputs, costs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from evaluation.asking import Asker
from evaluation.tenant import DemoTenant, demo_tenant
from holdfast.answer import NeedsClarification, Outcome, Refused
from holdfast.engines import engines_from
from holdfast.errors import ModelOutputRejected, ModelUnavailable, QueryFailed
from holdfast.models.preplanner import CHANGE_REFUSED
from holdfast.plan import Plan
from holdfast.settings import load_settings
from tests.graph_samples import sample_snapshot
from tests.integration.scripted_models import (
    NOW,
    PLAN,
    QUERY,
    QUESTION,
    READING,
    STEP,
    asked_agents,
    blocks,
    planned,
    told,
    way,
    written,
)
from tests.model_servers import ModelServer, Refusal, Status, estimated_tokens, model_server

PROVIDERS = ("openai", "anthropic", "google", "local")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    sample_snapshot(root)
    return root


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_question_is_read_planned_and_written_by_any_provider(
    provider: str, server: ModelServer, data_dir: Path
) -> None:
    server.will_answer(READING, PLAN, QUERY)
    async with way(data_dir, server.settings(provider)) as through:
        understanding = await through.plan()
        result = await through.run()
    assert asked_agents(server) == ["preplanner", "planner", "writer"]
    assert isinstance(understanding.outcome, Plan)
    assert understanding.outcome.understood_as == PLAN["understood_as"]
    assert understanding.author.startswith(f"{provider}:")
    assert understanding.author.endswith(" with planner/v2")
    assert result.generated.author.endswith(" with cypher_writer/v1")
    assert [sample["login"] for sample in result.samples] == ["ada@acme.test", "bo@acme.test"]
    assert through.ledger.usage is not None
    assert through.ledger.usage.calls == 3


async def test_without_the_pre_planner_a_question_is_planned_at_once(server: ModelServer, data_dir: Path) -> None:
    server.will_answer(PLAN)
    async with way(data_dir, server.settings("openai", preplan=False)) as through:
        assert isinstance((await through.plan()).outcome, Plan)
    assert asked_agents(server) == ["planner"]


async def test_models_are_told_what_they_need_and_never_the_rows(server: ModelServer, data_dir: Path) -> None:
    server.will_answer(READING, PLAN, QUERY)
    async with way(data_dir, server.settings("openai")) as through:
        await through.plan()
        await through.run()
    reading, planning, writing = server.requests
    for request in server.requests:
        assert "Friday 2026-11-20 15:30:00 UTC" in told(request)
        assert blocks(request)["question"] == QUESTION
        assert 'application "Payroll": id "0oa1", ACTIVE' in blocks(request)["names in this tenant near the question"]
        assert "bo@acme.test" not in request.text
    assert "(User)-[:MEMBER_OF]->(Group)" not in told(reading)
    assert "(User)-[:MEMBER_OF]->(Group)" in told(planning)
    assert blocks(planning)["the question as it was understood before"] == READING["intent"]
    assert "list_contains" in told(writing)
    assert STEP["query_context"] in blocks(writing)["your step"]


# --- outcomes that are no plan ------------------------------------------------------------------------------


async def test_a_request_for_a_change_is_refused_in_our_own_words(server: ModelServer, data_dir: Path) -> None:
    server.will_answer({"intent": "", "asks_for_change": True, "ambiguities": []})
    async with way(data_dir, server.settings("openai")) as through:
        understanding = await through.plan("Deactivate everybody in Finance")
    assert isinstance(understanding.outcome, Refused)
    assert understanding.outcome.reason == CHANGE_REFUSED
    assert understanding.author.endswith(" with preplanner/v1")
    assert len(server.requests) == 1


async def test_an_ambiguity_is_asked_back_with_its_choices(server: ModelServer, data_dir: Path) -> None:
    back = {
        "question": "Which admins?",
        "choices": ["Who holds any role?", "Who is super admin?", "Who is super admin?"],
    }
    server.will_answer({**READING, "ambiguities": [back]})
    async with way(data_dir, server.settings("openai")) as through:
        asked = (await through.plan("Who are our admins?")).outcome
    assert isinstance(asked, NeedsClarification)
    assert asked.choices == ("Who holds any role?", "Who is super admin?")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "choices", [[], ["Only one?"], ["Same?", " Same? "], ["?" * 700, "b"], [f"{n}?" for n in range(9)]]
)
async def test_a_question_back_without_2_to_8_choices_goes_back_to_the_model(
    choices: list[str], server: ModelServer, data_dir: Path
) -> None:
    server.will_answer({**READING, "ambiguities": [{"question": "Which?", "choices": choices}]}, READING, PLAN)
    async with way(data_dir, server.settings("openai")) as through:
        assert isinstance((await through.plan()).outcome, Plan)
    assert "choices" in repaired(server) or "each choice" in repaired(server)


async def test_a_planner_may_refuse_or_ask_back_too(server: ModelServer, data_dir: Path) -> None:
    back = {"question": "Which?", "choices": ["A?", "B?"]}
    server.will_answer(
        planned(steps=[], cannot_answer="The graph holds no system log.\n![x](http://a.example)"),
        planned(steps=[], ask_back=back),
    )
    async with way(data_dir, server.settings("openai", preplan=False)) as through:
        refused, asked = (await through.plan()).outcome, (await through.plan()).outcome
    assert isinstance(refused, Refused)
    assert refused.reason == "The graph holds no system log. ! [x] (http://a.example)"
    assert isinstance(asked, NeedsClarification)


# --- plans that cannot run ----------------------------------------------------------------------------------


def step(**changes: Any) -> dict[str, Any]:
    return {**STEP, **changes}


BROKEN_PLANS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "a cycle": ([step(depends_on=["b"]), step(id="b", depends_on=["people"])], {}, "steps wait for each other"),
    "an unknown tool": ([step(tool="shell")], {}, "cypher"),
    "an id that occurs twice": ([step(), step()], {}, "step ids occur twice: people"),
    "an id that is none": ([step(id="No Id")], {}, "steps.0.cypher.id"),
    "an unknown reference": ([step(depends_on=["ghost"])], {}, "depends on unknown steps: ghost"),
    "fifty steps": ([step(id=f"s{n}") for n in range(50)], {}, "at most 20 items"),
    "no step": ([], {}, "exactly one of steps, cannot_answer and ask_back"),
    "a plan and a refusal": ([step()], {"cannot_answer": "No."}, "exactly one of steps, cannot_answer and ask_back"),
    "a step that asks nothing": (
        [step(query_context=" ")],
        {},
        "The query_context of step people says what it must find",
    ),
    "a step without end": ([step(query_context="x" * 1_600)], {}, "in at most 1500 characters"),
    "nothing above the answer": ([step()], {"understood_as": ""}, "words for understood_as"),
    "an endless sentence": ([step()], {"understood_as": "x" * 1_000}, "at most 600 characters for understood_as"),
    "a confidence of 7": ([step()], {"confidence": 7}, "confidence: Input should be less than or equal to 1"),
    "a field of its own": ([step(url="http://169.254.169.254/")], {}, "url"),
}


def repaired(server: ModelServer) -> str:
    """What the model was told of its first output: the new part of the second request."""
    first, second = server.requests[0].text, server.requests[1].text
    assert len(second) > len(first)
    return json.dumps(server.requests[1].body["input"][len(server.requests[0].body["input"]) :], ensure_ascii=False)


@pytest.mark.parametrize("name", BROKEN_PLANS)
async def test_a_plan_that_cannot_run_goes_back_once_with_the_reason(
    name: str, server: ModelServer, data_dir: Path
) -> None:
    steps, changes, reason = BROKEN_PLANS[name]
    server.will_answer(planned(steps=steps, **changes), PLAN)
    async with way(data_dir, server.settings("openai", preplan=False)) as through:
        assert isinstance((await through.plan()).outcome, Plan)
    assert reason in repaired(server)
    assert len(server.requests) == 2


@pytest.mark.parametrize("name", BROKEN_PLANS)
async def test_a_second_plan_that_cannot_run_fails_clearly_or_leaves_it_to_rules(
    name: str, server: ModelServer, data_dir: Path
) -> None:
    steps, changes, _ = BROKEN_PLANS[name]
    server.always(planned(steps=steps, **changes))
    async with way(data_dir, server.settings("openai", preplan=False)) as through:
        with pytest.raises(ModelOutputRejected):
            await through.plan()
    assert len(server.requests) == 2
    async with way(data_dir, server.settings("openai", preplan=False, fallback_to_offline=True)) as through:
        understanding = await through.plan()
    assert understanding.author.startswith("offline, because ")
    assert isinstance(understanding.outcome, Plan)
    assert through.ledger.usage is not None
    assert through.ledger.usage.calls == 2


@pytest.mark.parametrize("reply", [Status(429, {"Retry-After": "3"}), Status(500), Refusal()], ids=["429", "500", "no"])
async def test_no_answer_of_a_model_leaves_the_question_to_rules_where_the_settings_want_it(
    reply: Status | Refusal, server: ModelServer, data_dir: Path
) -> None:
    server.always(reply)
    async with way(data_dir, server.settings("local", fallback_to_offline=True)) as through:
        understanding = await through.plan()
        assert isinstance(understanding.outcome, Plan)
        rows = await through.run(understanding.outcome.steps[0].model_dump())
    assert understanding.author.startswith("offline, because ")
    assert rows.generated.author == "offline"
    assert len(server.requests) == 1


async def test_without_the_fallback_no_answer_is_told(server: ModelServer, data_dir: Path) -> None:
    server.always(Status(500))
    async with way(data_dir, server.settings("local")) as through:
        with pytest.raises(ModelUnavailable):
            await through.plan()


# --- queries that may not or cannot run ---------------------------------------------------------------------

REFUSED_QUERIES = {
    "LOAD FROM": ("LOAD FROM '/etc/passwd' RETURN *", "must begin with MATCH"),
    "COPY": (
        "MATCH (u:User) RETURN u.login AS login; COPY (MATCH (u:User) RETURN u.login) TO '/tmp/x'",
        "one statement",
    ),
    "COPY alone": ("COPY User TO '/tmp/users.csv'", "must begin with MATCH"),
    "CALL": ("MATCH (u:User) CALL show_tables() RETURN u.login AS login", "CALL is not allowed"),
    "CREATE": ("MATCH (u:User) CREATE (v:User) RETURN v.id AS id", "CREATE is not allowed"),
    "SET": ("MATCH (u:User) SET u.status = 'ACTIVE' RETURN u.id AS id", "SET is not allowed"),
    "two statements": ("MATCH (u:User) RETURN u.id AS id; MATCH (g:Group) RETURN g.id AS id", "only one statement"),
    "a comment": ("MATCH (u:User) /* x */ RETURN u.id AS user_id", "comments are not allowed"),
    "a label that is not there": ("MATCH (s:Secret) RETURN s.id AS id", "no label is called Secret"),
    "a column that is not there": ("MATCH (u:User) RETURN u.password AS p", "no property is called password"),
    "everything": ("MATCH (u:User) RETURN *", "name the columns to return"),
    "a forbidden function": ("MATCH (u:User) RETURN list_filter([1], x -> x) AS x", "is not allowed"),
    "nothing": ("", "The query is empty"),
}
FAILING_QUERIES = {
    "whole nodes": ("MATCH (u:User) RETURN u", "holds whole nodes"),
    "an endless query": (
        f"UNWIND [1,2,3] AS x {' '.join(f'MATCH (u{n}:User)' for n in range(18))} "
        f"WHERE {' + '.join(f'u{n}.login' for n in range(18))} <> 'x' RETURN count(x) AS n",
        "ran longer than 0.5 s",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_QUERIES)
async def test_a_query_that_the_guard_refuses_goes_back_once_with_its_sentence(
    name: str, server: ModelServer, data_dir: Path
) -> None:
    query, reason = REFUSED_QUERIES[name]
    server.will_answer(written(query), QUERY)
    async with way(data_dir, server.settings("openai")) as through:
        result = await through.run()
    assert result.rows.row_count == 2
    assert reason in repaired(server)
    assert len(server.requests) == 2


async def test_a_second_refused_query_ends_the_step_and_nothing_ran(server: ModelServer, data_dir: Path) -> None:
    server.always(written(REFUSED_QUERIES["LOAD FROM"][0]))
    async with way(data_dir, server.settings("openai", fallback_to_offline=True)) as through:
        with pytest.raises(ModelOutputRejected, match="must begin with MATCH"):
            await through.run()
    assert len(server.requests) == 2


@pytest.mark.parametrize("name", FAILING_QUERIES)
async def test_a_query_that_fails_in_the_engine_comes_back_with_the_reason(
    name: str, server: ModelServer, data_dir: Path
) -> None:
    query, reason = FAILING_QUERIES[name]
    server.will_answer(written(query), QUERY)
    async with way(data_dir, server.settings("openai"), seconds=0.5) as through:
        result = await through.run()
    assert result.rows.row_count == 2
    failed = blocks(server.requests[1])["your query that failed"]
    assert failed.startswith(query[:200])
    assert reason in failed


async def test_a_step_asks_each_model_four_times_at_most(server: ModelServer, data_dir: Path) -> None:
    broken, whole = written("MATCH (u:User) RETURN u.nothing AS x"), written("MATCH (u:User) RETURN u")
    server.will_answer(broken, whole, broken, whole)
    async with way(data_dir, server.settings("openai")) as through:
        with pytest.raises(QueryFailed, match="whole nodes"):
            await through.run()
    assert len(server.requests) == 4


# --- what it costs ------------------------------------------------------------------------------------------

TYPICAL = "Which members of Finance have no phishing-resistant factor (WebAuthn or FastPass)?"
TYPICAL_READING = {
    **READING,
    "intent": "People who are members of the group Finance and have neither a WebAuthn nor a FastPass factor, with "
    "those marked whose factors are unknown.",
}
TYPICAL_QUERY = written(
    "MATCH (u:User)-[:MEMBER_OF]->(g:Group) WHERE g.name = 'Finance' AND NOT EXISTS { "
    "MATCH (u)-[:ENROLLED]->(f:Factor) WHERE f.factor_type IN ['webauthn', 'signed_nonce'] } "
    "RETURN u.id AS user_id, u.login AS login, u.display_name AS name, u.status AS status, u.department AS department, "
    "u.title AS title, CASE WHEN u.factors_known = true THEN 'yes' ELSE 'unknown' END AS fits ORDER BY login"
)
MOST_TOKENS = 5_500


@pytest.fixture(scope="module", params=[150, 600])
def tenant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DemoTenant:
    return demo_tenant(7, request.param, tmp_path_factory.mktemp("tenant"))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_reading_planning_and_writing_a_typical_question_take_few_tokens(
    provider: str, server: ModelServer, tenant: DemoTenant
) -> None:
    replies = [TYPICAL_READING, PLAN, TYPICAL_QUERY]
    server.will_answer(*replies)
    async with way(tenant.directory, server.settings(provider)) as through:
        await through.plan(TYPICAL)
        await through.run(question=TYPICAL)
    written_tokens = sum(estimated_tokens(len(json.dumps(reply))) for reply in replies)
    assert server.tokens + written_tokens <= MOST_TOKENS


# --- the whole way ------------------------------------------------------------------------------------------


async def test_an_answer_by_models_tells_who_did_what_and_what_it_took(server: ModelServer, data_dir: Path) -> None:
    recipe = {"source": "people", "columns": [{"column": "login"}], "summary": "{rows:person|people}."}
    server.will_answer(READING, PLAN, QUERY, recipe)
    settings = load_settings(data_dir=data_dir).model_copy(update={"models": server.settings("openai")})
    engines = engines_from(settings, lambda: NOW)
    asker = Asker(settings, engines)
    try:
        asked = await asker.ask(QUESTION)
    finally:
        await asker.close()
        await engines.close()
    assert asked.outcome is Outcome.ANSWERED, asked.message
    assert asked.table is not None
    assert asked.table["login"].to_list() == ["ada@acme.test", "bo@acme.test"]
    assert asked.usage is not None
    assert asked.usage.calls == 4
