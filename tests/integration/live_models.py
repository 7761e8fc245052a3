"""Questions about a live demo tenant, answered by scripted models in the real workflow, worker and sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import SecretStr
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.adopting import AdoptingActivities
from activities.formatting import FormattingActivities
from activities.planning import PlanningActivities
from activities.programs import ProgramActivities
from activities.steps import SpecialActivities, SqlActivities, StepActivities
from evaluation.tenant import NOW, DemoTenant
from holdfast.answer import Answer, Question
from holdfast.api_settings import ApiSettings
from holdfast.api_step.programs import ProgramAuthor
from holdfast.api_step.runner import ApiStepRunner, Stores
from holdfast.artifacts import ArtifactStore
from holdfast.catalogue.endpoints import Catalogue
from holdfast.cypher_step import CypherStepRunner
from holdfast.demo import DEMO_TOKEN
from holdfast.engines import engines_from
from holdfast.export import content
from holdfast.graph.snapshots import SnapshotStore
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.query_worker import QueryPool
from holdfast.records import json_records
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import ModelSettings, OktaSettings, Settings, load_settings
from holdfast.special.runner import SpecialStepRunner
from holdfast.sql.engine import SqlEngine
from holdfast.sql_step import SqlStepRunner
from tests.integration.scripted_models import instructions
from tests.model_servers import Json, Reply, Request
from workflows.query import QueryWorkflow

Handle = WorkflowHandle[QueryWorkflow, Answer]
Script = dict[str, Any]

_FIRST_WORDS = {
    "You are the first reader": "preplanner",
    "You plan how": "planner",
    "You write one Cypher": "cypher_writer",
    "You write one short Python": "program_writer",
    "You write one SQL": "sql_writer",
}


def engine_of(request: Request) -> str:
    """Which engine asks, by the first words of its prompt."""
    prompt = instructions(request)
    return next((name for first, name in _FIRST_WORDS.items() if prompt.startswith(first)), "formatter")


def asked(requests: Iterable[Request]) -> Counter[str]:
    """How often each engine asked."""
    return Counter(map(engine_of, requests))


def script(**outputs: Reply | list[Reply]) -> Callable[[Request], Reply]:
    """What each engine's model writes; of a list one after the other, the last for ever."""
    queues = {name: list(given) if isinstance(given, list) else [given] for name, given in outputs.items()}

    def reply(request: Request) -> Reply:
        queue = queues[engine_of(request)]
        return queue.pop(0) if len(queue) > 1 else queue[0]

    return reply


def reading(intent: str) -> Json:
    return {"intent": intent, "asks_for_change": False, "ambiguities": []}


def step(id: str, tool: str, entity: str, context: str, *depends_on: str, **more: Any) -> Json:
    """A step as a planning model writes it."""
    return {
        "id": id,
        "tool": tool,
        "entity": entity,
        "operation": "list",
        "query_context": context,
        "depends_on": list(depends_on),
        "critical": True,
        "reasoning": "It is asked for.",
        "special": None,
        **more,
    }


def plan(understood_as: str, *steps: Json) -> Json:
    return {
        "understood_as": understood_as,
        "reasoning": "Each tool for what it holds.",
        "steps": list(steps),
        "partial_success_acceptable": False,
        "confidence": 0.9,
        "cannot_answer": None,
        "ask_back": None,
    }


def program(code: str, *columns: str) -> Json:
    """A program as a model writes it; columns like `login:text`."""
    return {
        "explanation": "It reads what is asked.",
        "columns": [dict(zip(("name", "kind"), column.split(":"), strict=True)) for column in columns],
        "estimated_calls": None,
        "rate_limit_note": "One call for each.",
        "code": code,
    }


def recipe(source: str, *columns: str, summary: str = "{rows:row|rows} found.") -> Json:
    return {"source": source, "columns": [{"column": column} for column in columns], "summary": summary}


@dataclass(frozen=True)
class LivePlace:
    """One tenant that is served at `url`, its snapshot, and what answers questions about it."""

    tenant: DemoTenant
    url: str
    pool: QueryPool
    sandbox: Sandbox
    client: Client
    folder: Path
    policy: ApiSettings = field(default_factory=ApiSettings)
    concurrency: int = 20
    queue: str = field(default_factory=lambda: f"live-{uuid4()}")

    @property
    def artifacts(self) -> ArtifactStore:
        return ArtifactStore(self.tenant.directory / "artifacts")

    def settings(self, models: ModelSettings) -> Settings:
        okta = OktaSettings(url=self.url, token=SecretStr(DEMO_TOKEN), concurrency=self.concurrency)
        changes = {"models": models, "okta": okta, "api": self.policy}
        return load_settings(data_dir=self.tenant.directory).model_copy(update=changes)

    async def ask(self, models: ModelSettings, text: str) -> Answer:
        """The answer, also that of a question which failed."""
        async with self.working(models), self.asking(text) as handle:
            return await answer_of(handle)

    @asynccontextmanager
    async def asking(self, text: str) -> AsyncIterator[Handle]:
        """A question that has been asked; a worker answers it, now or later."""
        question = Question(correlation_id=f"q-{uuid4()}", text=text, tenant="", asker="ada")
        yield await self.client.start_workflow(
            QueryWorkflow.run, question, id=question.correlation_id, task_queue=self.queue
        )

    @asynccontextmanager
    async def working(self, models: ModelSettings) -> AsyncIterator[None]:
        """A worker as the product's own is put together."""
        settings = self.settings(models)
        engines = engines_from(settings, lambda: NOW)
        try:
            async with Worker(
                self.client,
                task_queue=self.queue,
                workflows=[QueryWorkflow],
                activities=self._activities(settings, engines),
                max_heartbeat_throttle_interval=timedelta(seconds=0.25),
                sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
            ):
                yield
        finally:
            await engines.close()

    def _activities(self, settings: Settings, engines: Any) -> list[Callable[..., Any]]:
        models, snapshots = settings.models, SnapshotStore(settings.data_dir / "graph")
        tenant = SharedTenant(lambda: OktaClient.from_settings(settings.okta))
        stores = Stores(lambda _: self.url, self.artifacts, self.folder / "journals")
        author = ProgramAuthor(engines.programs, self.sandbox, Catalogue.load())
        programs = ProgramActivities(author, ApiStepRunner(self.sandbox, tenant, stores, settings), models)
        steps = StepActivities(CypherStepRunner(engines.writer, snapshots, self.pool, self.artifacts), models)
        sql = SqlActivities(SqlStepRunner(engines.sql, SqlEngine.from_settings(settings.graph), self.artifacts), models)
        special = SpecialActivities(SpecialStepRunner(snapshots, self.pool, tenant, stores, settings), models)
        return [
            PlanningActivities(engines.planner, snapshots, settings).plan_question,
            AdoptingActivities(snapshots, self.artifacts, self.folder / "journals", settings).adopt_earlier,
            steps.run_cypher_step,
            sql.run_sql_step,
            special.run_special_step,
            programs.write_program,
            programs.run_program,
            FormattingActivities(engines.formatter, self.artifacts, models).format_answer,
        ]

    def table(self, answer: Answer) -> list[dict[str, Any]]:
        """What the asker sees."""
        assert answer.formatted is not None, answer.message
        assert answer.formatted.rows is not None
        return content(self.artifacts.scan(answer.formatted.rows), answer.formatted.headers)

    def rows(self, answer: Answer, step_id: str) -> list[dict[str, Any]]:
        """What a step found, whole."""
        [found] = [one.result for one in answer.steps if one.result and one.result.step_id == step_id]
        return json_records(self.artifacts.scan(found.rows).collect())


async def answer_of(handle: Handle) -> Answer:
    """The answer, also that of a question which failed."""
    try:
        return await handle.result()
    except WorkflowFailureError as failure:
        return _told_by(failure)


def _told_by(failure: WorkflowFailureError) -> Answer:
    assert isinstance(failure.cause, ApplicationError)
    return Answer.model_validate(failure.cause.details[0])


def graph_pool(folder: Path) -> QueryPool:
    """Query processes as the settings have them."""
    graph = load_settings(data_dir=folder).graph
    return QueryPool(
        engine="ladybug",
        size=1,
        timeout=graph.query_timeout,
        memory_bytes=graph.query_memory_bytes,
        max_rows=graph.max_rows,
    )
