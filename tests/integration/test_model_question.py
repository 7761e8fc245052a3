"""Questions from text to table, with models at work: a real Temporal server and clients, loopback providers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.formatting import FormattingActivities
from activities.planning import PlanningActivities
from activities.steps import StepActivities
from benchmarks.models import LISTED, MOST_TOKENS, agent_of
from evaluation.tenant import NOW, DemoTenant, demo_tenant
from holdfast.answer import Answer, Outcome, Question
from holdfast.artifacts import ArtifactStore
from holdfast.cypher_step import CypherStepRunner
from holdfast.demo.cast import HOSTILE_LABEL
from holdfast.engines import engines_from
from holdfast.export import content
from holdfast.graph.snapshots import SnapshotStore
from holdfast.query_worker import QueryPool
from holdfast.settings import ModelSettings, Settings, load_settings
from tests.model_servers import MODELS, Json, ModelServer, Refusal, Reply, Request, Status, model_server
from workflows.query import QueryWorkflow

QUESTION = LISTED.question
SCRIPT: dict[str, Json] = {agent: outputs[0] for agent, outputs in LISTED.outputs.items()}
READING, PLAN, QUERY, RECIPE = (SCRIPT[name] for name in ("preplanner", "planner", "cypher_writer", "formatter"))


def scripted(**changes: Reply) -> Callable[[Request], Reply]:
    return lambda request: {**SCRIPT, **changes}[agent_of(request)]


@dataclass(frozen=True)
class Place:
    """What the tests share: a tenant, its query processes, a Temporal server."""

    tenant: DemoTenant
    pool: QueryPool
    client: Client

    @property
    def artifacts(self) -> ArtifactStore:
        return ArtifactStore(self.tenant.directory / "artifacts")

    async def ask(self, models: ModelSettings, text: str = QUESTION) -> Answer:
        """The answer, also that of a question which failed."""
        settings = load_settings(data_dir=self.tenant.directory).model_copy(update={"models": models})
        async with self._worker(settings) as queue:
            question = Question(correlation_id=f"q-{uuid4()}", text=text, tenant="", asker="ada")
            try:
                return await self.client.execute_workflow(
                    QueryWorkflow.run, question, id=question.correlation_id, task_queue=queue
                )
            except WorkflowFailureError as failure:
                return _answer_of(failure)

    @asynccontextmanager
    async def _worker(self, settings: Settings) -> AsyncIterator[str]:
        engines = engines_from(settings, lambda: NOW)
        snapshots = SnapshotStore(settings.data_dir / "graph")
        planning = PlanningActivities(engines.planner, snapshots, settings)
        steps = StepActivities(CypherStepRunner(engines.writer, snapshots, self.pool, self.artifacts), settings.models)
        formatting = FormattingActivities(engines.formatter, self.artifacts, settings.models)
        queue = f"models-{uuid4()}"
        try:
            async with Worker(
                self.client,
                task_queue=queue,
                workflows=[QueryWorkflow],
                activities=[planning.plan_question, steps.run_cypher_step, formatting.format_answer],
            ):
                yield queue
        finally:
            await engines.close()

    def table(self, answer: Answer) -> list[dict[str, Any]]:
        assert answer.formatted is not None, answer.message
        assert answer.formatted.rows is not None
        return content(self.artifacts.scan(answer.formatted.rows), answer.formatted.headers)

    def true_logins(self) -> list[str]:
        """From the exported records, without the graph."""
        people = self.tenant.records.users.values()
        return sorted(
            person["profile"]["login"]
            for person in people
            if person["status"] == "ACTIVE" and person["profile"].get("department") == "Engineering"
        )


def _answer_of(failure: WorkflowFailureError) -> Answer:
    assert isinstance(failure.cause, ApplicationError)
    return Answer.model_validate(failure.cause.details[0])


@pytest.fixture(scope="module")
async def place(temporal_client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    tenant = demo_tenant(7, 300, tmp_path_factory.mktemp("tenant"))
    graph = load_settings(data_dir=tenant.directory).graph
    pool = QueryPool(
        engine="ladybug",
        size=1,
        timeout=graph.query_timeout,
        memory_bytes=graph.query_memory_bytes,
        max_rows=graph.max_rows,
    )
    yield Place(tenant, pool, temporal_client)
    await pool.close()


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


@pytest.mark.parametrize("provider", MODELS)
async def test_a_question_is_answered_by_models_of_each_provider(
    provider: str, place: Place, server: ModelServer
) -> None:
    server.always(scripted())
    answer = await place.ask(server.settings(provider))
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert answer.plan is not None
    assert answer.plan.understood_as == PLAN["understood_as"]
    assert [row["login"] for row in place.table(answer)] == place.true_logins()
    assert answer.formatted is not None
    assert answer.formatted.summary == f"{len(place.true_logins())} active people are in Engineering."
    assert [agent_of(request) for request in server.requests] == ["preplanner", "planner", "cypher_writer", "formatter"]
    model = f"{provider}:{MODELS[provider]}"
    assert answer.plan_author == f"{model} with planner/v2"
    assert [step.result.generated.author for step in answer.steps if step.result] == [f"{model} with cypher_writer/v1"]
    assert answer.to_dictionary([])["authors"] == {
        "planning": f"{model} with planner/v2",
        "formatting": f"{model} with formatter/v1",
    }


@pytest.mark.parametrize("provider", MODELS)
async def test_what_models_used_is_told_for_each_part_and_in_sum(
    provider: str, place: Place, server: ModelServer
) -> None:
    server.always(scripted())
    answer = await place.ask(server.settings(provider))
    assert answer.planning_effort is not None
    assert answer.formatted is not None
    parts = [
        answer.planning_effort,
        *(step.result.effort for step in answer.steps if step.result),
        answer.formatted.effort,
    ]
    used = [part.models for part in parts if part.models is not None]
    assert [usage.calls for usage in used] == [2, 1, 1]
    assert sum(usage.input_tokens for usage in used) == server.tokens
    assert answer.usage is not None
    assert answer.usage.tokens == sum(usage.tokens for usage in used) <= MOST_TOKENS
    assert answer.usage.unmeasured_calls == 0
    if provider == "local":
        assert answer.usage.cost_usd is None
    else:
        assert answer.usage.cost_usd
        assert answer.usage.cost_usd == pytest.approx(sum(usage.cost_usd or 0 for usage in used))


async def test_a_fault_of_the_provider_is_waited_out_by_temporal(place: Place, server: ModelServer) -> None:
    server.will_answer(Status(500), Status(429, {"Retry-After": "0"}))
    server.always(scripted())
    answer = await place.ask(server.settings("openai"))
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert answer.usage is not None
    assert answer.usage.calls == len(server.requests) == 6


async def test_the_second_provider_answers_where_the_first_is_down(place: Place, server: ModelServer) -> None:
    server.always(lambda request: Status(503) if request.provider == "anthropic" else scripted()(request))
    answer = await place.ask(server.settings("anthropic", "google"))
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert answer.plan_author == "google:gemini-2.5-flash with planner/v2"
    assert [request.provider for request in server.requests] == ["anthropic", "google"] * 4


async def test_rules_answer_where_no_model_does_if_the_settings_say_so(place: Place, server: ModelServer) -> None:
    server.always(Status(503))
    answer = await place.ask(server.settings("openai", "anthropic", fallback_to_offline=True))
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert answer.plan_author is not None
    assert answer.plan_author.startswith("offline, because openai:gpt-5.2 is not available")
    assert [row["login"] for row in place.table(answer)] == place.true_logins()
    assert answer.formatted is not None
    assert answer.formatted.author.startswith("offline, because")
    # The step carries its meaning as data, and is compiled by rules without asking anybody.
    assert len(server.requests) == 4


async def test_without_that_setting_the_question_fails_and_says_which_model_said_what(
    place: Place, server: ModelServer
) -> None:
    server.always(Refusal("I do not talk about people."))
    answer = await place.ask(server.settings("openai"))
    assert answer.outcome is Outcome.FAILED
    assert "openai:gpt-5.2 would not answer" in answer.message
    assert answer.usage is not None
    assert answer.usage.calls == len(server.requests)


async def test_a_question_ends_where_its_tokens_are_spent(place: Place, server: ModelServer) -> None:
    server.always(scripted())
    answer = await place.ask(server.settings("openai", max_tokens=3_000))
    assert answer.outcome is Outcome.FAILED
    assert "3,000 are allowed" in answer.message
    assert "HOLDFAST_MODELS__MAX_TOKENS" in answer.message
    assert answer.usage is not None
    assert answer.usage.calls == len(server.requests) < 4


async def test_a_change_is_refused_after_one_call(place: Place, server: ModelServer) -> None:
    server.always(scripted(preplanner={"intent": "", "asks_for_change": True, "ambiguities": []}))
    answer = await place.ask(server.settings("openai"), "Deactivate everybody in Engineering")
    assert answer.outcome is Outcome.REFUSED
    assert "only reads" in answer.message
    assert answer.usage is not None
    assert answer.usage.calls == len(server.requests) == 1


async def test_what_the_graph_does_not_hold_is_refused_with_the_reason(place: Place, server: ModelServer) -> None:
    reason = "The snapshot does not hold from where somebody signed in."
    server.always(scripted(planner={**PLAN, "steps": [], "cannot_answer": reason}))
    answer = await place.ask(server.settings("openai"), "Who signed in from Berlin?")
    assert answer.outcome is Outcome.REFUSED
    assert answer.message == reason


async def test_a_question_of_two_meanings_comes_back_with_its_choices(place: Place, server: ModelServer) -> None:
    choices = ["Who has the role Super Administrator?", "Who has any admin role?"]
    ambiguity = {"question": "Which admins do you mean?", "choices": choices}
    server.always(scripted(preplanner={**READING, "ambiguities": [ambiguity]}))
    answer = await place.ask(server.settings("openai"), "Who are our admins?")
    assert answer.outcome is Outcome.NEEDS_CLARIFICATION
    assert answer.message == "Which admins do you mean?"
    assert answer.choices == tuple(choices)


def _first_then(agent: str, first: Reply) -> Callable[[Request], Reply]:
    """Of this agent one wrong output, and the right one after it."""
    wrong = iter([first])
    return lambda request: next(wrong, SCRIPT[agent]) if agent_of(request) == agent else SCRIPT[agent_of(request)]


def _plan_of(**step: Any) -> Reply:
    return {**PLAN, "steps": [{**PLAN["steps"][0], **step}]}


BROKEN: dict[str, tuple[str, Reply, str]] = {
    "a cycle": ("planner", _plan_of(depends_on=["people"]), "people"),
    "an unknown tool": ("planner", _plan_of(tool="shell"), "tool"),
    "a query that writes": ("cypher_writer", {**QUERY, "query": "MATCH (u:User) DELETE u RETURN 1"}, "DELETE"),
    "a property that is not there": (
        "cypher_writer",
        {**QUERY, "query": "MATCH (u:User) RETURN u.salary AS salary"},
        "salary",
    ),
    "a column that is not there": ("formatter", {**RECIPE, "columns": [{"column": "salary"}]}, "salary"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_what_a_model_writes_wrongly_is_mended_once(
    broken: tuple[str, Reply, str], place: Place, server: ModelServer
) -> None:
    agent, output, reason = broken
    server.always(_first_then(agent, output))
    answer = await place.ask(server.settings("openai"))
    assert answer.outcome is Outcome.ANSWERED, answer.message
    assert [row["login"] for row in place.table(answer)] == place.true_logins()
    asked = [request for request in server.requests if agent_of(request) == agent]
    assert len(asked) == 2
    assert reason in asked[1].text


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_what_a_model_writes_wrongly_twice_is_a_clear_failure(
    broken: tuple[str, Reply, str], place: Place, server: ModelServer
) -> None:
    agent, output, reason = broken
    server.always(scripted(**{agent: output}))
    answer = await place.ask(server.settings("openai"))
    assert answer.outcome is Outcome.FAILED
    assert "wrote what does not pass the checks, also after it was told why" in answer.message
    assert reason in answer.message
    assert sum(agent_of(request) == agent for request in server.requests) == 2


async def test_an_invented_number_does_not_reach_the_answer(place: Place, server: ModelServer) -> None:
    server.always(scripted(formatter={**RECIPE, "summary": "{rows} are in Engineering. That is 99.9% of all."}))
    answer = await place.ask(server.settings("openai"))
    assert answer.formatted is not None
    assert answer.formatted.summary == f"{len(place.true_logins())} are in Engineering."


async def test_what_the_tenant_wrote_changes_neither_plan_nor_query_nor_columns(
    place: Place, server: ModelServer
) -> None:
    query = {**QUERY, "query": "MATCH (a:Application) RETURN a.label AS label, a.status AS status ORDER BY label"}
    recipe = {**RECIPE, "columns": [{"column": "label"}, {"column": "status"}], "summary": "{rows} applications."}
    server.always(scripted(cypher_writer=query, formatter=recipe))
    answer = await place.ask(server.settings("openai"), "List every application and its status")
    assert [header["value"] for header in _headers(answer)] == ["label", "status"]
    assert [step.result.generated.text for step in answer.steps if step.result] == [query["query"]]
    assert HOSTILE_LABEL in [row["label"] for row in place.table(answer)]
    [formatting] = [request for request in server.requests if agent_of(request) == "formatter"]
    [told] = formatting.body["input"]
    assert HOSTILE_LABEL in told["content"]
    assert HOSTILE_LABEL not in "".join(_outside_of_data(told["content"]))
    assert HOSTILE_LABEL not in formatting.body["instructions"]


def _headers(answer: Answer) -> list[dict[str, str]]:
    assert answer.formatted is not None
    return [header.model_dump() for header in answer.formatted.headers]


def _outside_of_data(told: str) -> Iterator[str]:
    mark = None
    for line in told.splitlines():
        if mark is None and line.startswith("<data "):
            mark = line.split()[1]
        elif line == f"</data {mark}>":
            mark = None
        elif mark is None:
            yield line


async def test_a_question_over_the_whole_tenant_sends_no_more_than_one_over_a_few(
    place: Place, server: ModelServer
) -> None:
    everybody = {
        **QUERY,
        "query": "MATCH (u:User) RETURN u.id AS user_id, u.login AS login, u.last_login AS last_login",
    }
    server.always(scripted(cypher_writer=everybody))
    answer = await place.ask(server.settings("openai"))
    assert len(place.table(answer)) >= 300
    assert answer.usage is not None
    assert answer.usage.tokens <= MOST_TOKENS
    assert answer.formatted is not None
    assert answer.formatted.processing_method.startswith("model saw a sample of 10 of ")


@pytest.mark.parametrize("send_rows", [True, False])
async def test_no_row_and_nobody_is_told_where_the_settings_say_so(
    send_rows: bool, place: Place, server: ModelServer
) -> None:
    person = next(each["profile"] for each in place.tenant.records.users.values() if each["profile"]["department"])
    name = f"{person['firstName']} {person['lastName']}"
    second = {**PLAN["steps"][0], "id": "again", "depends_on": ["people"]}
    server.always(scripted(planner={**PLAN, "steps": [*PLAN["steps"], second]}))
    answer = await place.ask(server.settings("openai", send_rows=send_rows), f"Who is in Engineering with {name}?")
    assert [row["login"] for row in place.table(answer)] == place.true_logins()
    logins = [each["profile"]["login"] for each in place.tenant.records.users.values()]
    told = [sum(login in request.text for login in logins) for request in server.requests]
    assert [agent_of(request) for request in server.requests].count("cypher_writer") == 2
    assert all(told) if send_rows else not any(told)
